"""A real Chromium without a window, told what to do over its debugging socket, where there is one."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_START_SECONDS = 30.0


def program() -> str | None:
    """The path of a Chromium on this machine; None where there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class Browser:
    """One page of a browser of its own.

    Shape:   requests are the addresses that were asked for, the page's own first; faults are what the
             console and the page's policy complained of.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.requests: list[str] = []
        self.faults: list[str] = []
        self._numbers = iter(range(1, 1_000_000))
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: dict[str, asyncio.Event] = {}

    async def __aenter__(self) -> Browser:
        import aiohttp

        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = (
            "--headless=new --no-sandbox --disable-gpu --hide-scrollbars --disable-dev-shm-usage "
            "--remote-debugging-port=0 --no-first-run --disable-extensions --disable-background-networking"
        )
        self._process = subprocess.Popen(  # noqa: ASYNC220 it starts at once
            [self._path, *options.split(), f"--user-data-dir={self._profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        address = await asyncio.wait_for(asyncio.to_thread(self._address), _START_SECONDS)
        self._client = aiohttp.ClientSession()
        async with self._client.get(f"http://{address}/json/list") as reply:
            target = next(each for each in await reply.json() if each["type"] == "page")
        self._socket = await self._client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
        self._reading = asyncio.create_task(self._read())
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.send(f"{domain}.enable")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await self._socket.close()
        await self._client.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._profile.cleanup()

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(self._answers[number], 60)

    async def size(self, width: int, height: int, *, is_phone: bool = False) -> None:
        """The size of the window."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if is_phone else 1,
            mobile=is_phone,
        )

    async def dark(self, is_dark: bool) -> None:
        """What the system prefers."""
        value = "dark" if is_dark else "light"
        feature = {"name": "prefers-color-scheme", "value": value}
        await self.send("Emulation.setEmulatedMedia", features=[feature])

    async def open(self, path: Path, fragment: str = "") -> None:
        """Open a file, and wait until its script has done its work."""
        # A mere change of the fragment would load nothing.
        for address in ("about:blank", path.as_uri() + fragment):
            loaded = self._events["Page.loadEventFired"] = asyncio.Event()
            await self.send("Page.navigate", url=address)
            await asyncio.wait_for(loaded.wait(), 60)
        await self.until("document.documentElement.dataset.ready === 'yes'")

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        done = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise AssertionError(done["exceptionDetails"])
        return done["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression is true in the page."""
        await self.run(
            "new Promise((done, fail) => { const began = Date.now(); const look = () => "
            f"({condition}) ? done() : Date.now() - began > 20000 ? fail(Error('never true')) "
            ": setTimeout(look, 10); look(); })"
        )

    async def key(self, text: str) -> None:
        """Press a key."""
        code = {"text": text} if len(text) == 1 else {}
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=text, **code)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=text)

    async def screenshot(self, path: Path) -> None:
        """What is on the screen, as a PNG."""
        shot = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))

    def _address(self) -> str:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = raw.decode("utf-8", "replace")
            if "DevTools listening on ws://" in line:
                return line.partition("ws://")[2].partition("/")[0]
        raise AssertionError("Chromium ended before it listened")

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                waiting = self._answers.pop(said["id"])
                if "error" in said:
                    waiting.set_exception(AssertionError(said["error"]))
                else:
                    waiting.set_result(said["result"])
                continue
            self._heard(said["method"], said["params"])

    def _heard(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            address = parameters["request"]["url"]
            self.requests += [address] if address != "about:blank" else []
        elif method == "Log.entryAdded":
            self.faults.append(parameters["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.faults.append(str(parameters["exceptionDetails"]))
        if method in self._events:
            self._events[method].set()
