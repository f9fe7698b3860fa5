"""A scripted OpenAI-compatible server on loopback: real HTTP, in a thread or as a process of its own.

In a test:

    with Server(always("hello")) as server:
        ... server.base_url ("http://127.0.0.1:PORT/v1"), server.requests, server.high_water ...

As a process: `python -m tests.servers.openai_server SCRIPT.json [--port N]` prints one line of JSON with
`base_url`, serves until SIGTERM or SIGINT, and tells its record at `GET /_record`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from tests.servers.openai_script import (
    Answer,
    Received,
    Script,
    always,
    answer_from,
    bounded,
    from_json,
    in_turn,
    pieces,
    tokens_in,
    tokens_out,
)

__all__ = ["Answer", "Received", "Script", "Server", "always", "answer_from", "in_turn", "serving"]

MODELS = ("test-root", "test-sub")


class Server:
    """The server in a thread with an event loop of its own; every field may be read at any time."""

    def __init__(
        self, script: Script | list[Answer] | Answer | str, models: tuple[str, ...] = MODELS
    ) -> None:
        self.script = _script(script)
        self.models = models
        self.requests: list[Received] = []
        self.in_flight = 0
        self.high_water = 0
        self._released: set[str] = set()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._release_events: dict[str, asyncio.Event] = {}
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        """What goes into `OPENAI_BASE_URL`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def billed_tokens(self) -> int:
        """All tokens that were billed, in and out; an error costs nothing, a cut stream what was sent."""
        return sum(request.tokens_in + request.tokens_out for request in self.requests)

    @property
    def chats(self) -> list[Received]:
        """The requests for completions, in order of arrival."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Listen; returns when connections are accepted."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(ready, port), name="openai-server", daemon=True
        )
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the scripted server does not start")

    def stop(self) -> None:
        """Drop all connections and end the thread."""
        if self._thread is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._thread = None

    def release(self, name: str) -> None:
        """Let the answers go that are held under this name, those to come included."""
        with self._changed:
            self._released.add(name)
        self._loop.call_soon_threadsafe(lambda: self._release_event(name).set())

    def wait_until(self, claim: Callable[[Server], bool], timeout_seconds: float = 10.0) -> None:
        """Block until a claim about this server holds; looked at whenever a request comes or ends."""
        with self._changed:
            if not self._changed.wait_for(lambda: claim(self), timeout_seconds):
                raise TimeoutError("what was claimed of the scripted server did not become true")

    async def until(self, claim: Callable[[Server], bool], timeout_seconds: float = 10.0) -> None:
        """The same as `wait_until`, for a test with an event loop."""
        await asyncio.to_thread(self.wait_until, claim, timeout_seconds)

    def _run(self, ready: threading.Event, port: int) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready, port))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self, ready: threading.Event, port: int) -> None:
        self._stop = asyncio.Event()
        app = web.Application(client_max_size=256 * 2**20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/_record", self._record)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        self.port = runner.addresses[0][1]
        ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        self._received(request, {})
        self._ended(self.requests[-1], 200)
        data = [{"id": name, "object": "model", "owned_by": "test"} for name in self.models]
        return web.json_response({"object": "list", "data": data})

    async def _record(self, _request: web.Request) -> web.Response:
        return web.json_response(self.record())

    def record(self) -> dict[str, Any]:
        """All that was seen, as JSON holds it."""
        return {
            "in_flight": self.in_flight,
            "high_water": self.high_water,
            "billed_tokens": self.billed_tokens,
            "requests": [vars(request) for request in self.requests],
        }

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            return _error(Answer("the request is not JSON", 400))
        received = self._received(request, body)
        answer = bounded(self.script(body, len(self.chats) - 1), body)
        try:
            response = await self._answer(request, received, answer)
        except (asyncio.CancelledError, ConnectionError):
            received.disconnected = answer.fault != "cut"
            raise
        finally:
            self._ended(received, answer.status)
        return response

    async def _answer(self, request: web.Request, received: Received, answer: Answer) -> web.StreamResponse:
        await asyncio.sleep(answer.headers_delay_seconds)
        if answer.hold and answer.hold not in self._released:
            await self._release_event(answer.hold).wait()
        if answer.fault == "no_headers":
            await asyncio.Event().wait()
        if answer.status != 200 and answer.raw is None:
            return _error(answer)
        received.tokens_in = tokens_in(received.body)
        if answer.fault == "empty":
            return web.Response(status=200, headers=answer.headers, content_type="application/json")
        if answer.raw is not None:
            return web.Response(
                body=answer.raw.encode(),
                status=answer.status,
                headers=answer.headers,
                content_type=answer.content_type,
            )
        if received.body.get("stream"):
            return await self._stream(request, received, answer)
        return await self._whole(request, received, answer)

    async def _whole(self, request: web.Request, received: Received, answer: Answer) -> web.StreamResponse:
        await asyncio.sleep(answer.first_delay_seconds)
        if answer.fault == "garbage":
            return web.Response(text='{"choices": [{"mess', content_type="application/json")
        if answer.fault in ("idle", "cut"):
            await self._break(request, answer)
            return web.Response()
        received.tokens_out = tokens_out(answer.text)
        message = {"role": "assistant", "content": answer.text}
        choice = {"index": 0, "message": message, "finish_reason": answer.finish}
        data = {**_head(received, "chat.completion"), "choices": [choice]}
        if answer.usage:
            data["usage"] = _usage(received, answer)
        return web.json_response(data, headers=answer.headers)

    async def _stream(self, request: web.Request, received: Received, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **answer.headers})
        await response.prepare(request)
        await asyncio.sleep(answer.first_delay_seconds)
        waiting: list[bytes] = []
        for at, piece in enumerate(pieces(answer)):
            if answer.fault and at >= answer.fault_after_chunks:
                break
            if at and answer.chunk_delay_seconds:
                await _send(response, waiting, answer)
                await asyncio.sleep(answer.chunk_delay_seconds)
            received.tokens_out += tokens_out(piece)
            delta = {"role": "assistant", "content": piece} if at == 0 else {"content": piece}
            waiting.append(_event(received, [{"index": 0, "delta": delta, "finish_reason": None}]))
        if answer.fault:
            await _send(response, waiting, answer)
            await self._break(request, answer, response)
            return response
        waiting.append(_event(received, [{"index": 0, "delta": {}, "finish_reason": answer.finish}]))
        if answer.usage and (received.body.get("stream_options") or {}).get("include_usage"):
            waiting.append(_event(received, [], _usage(received, answer)))
        waiting.append(b"data: [DONE]\n\n")
        await _send(response, waiting, answer)
        await response.write_eof()
        return response

    async def _break(
        self, request: web.Request, answer: Answer, response: web.StreamResponse | None = None
    ) -> None:
        if answer.fault == "idle":
            await asyncio.Event().wait()
        if answer.fault == "cut":
            if request.transport is not None:
                request.transport.abort()
            return
        if response is None:
            return
        if answer.fault == "garbage":
            await response.write(b'data: {"choices": [{"delta": {"con\n\n')
        if answer.fault == "error_in_stream":
            error = {"error": {"message": answer.error_code or "upstream failed", "code": 502}}
            await response.write(b"data: " + json.dumps(error).encode() + b"\n\n")
        await response.write_eof()

    def _received(self, request: web.Request, body: dict[str, Any]) -> Received:
        with self._changed:
            self.in_flight += 1
            self.high_water = max(self.high_water, self.in_flight)
            headers = dict(request.headers)
            number = len(self.requests) + 1
            received = Received(number, request.path, headers, body, time.monotonic(), self.in_flight)
            self.requests.append(received)
            self._changed.notify_all()
        return received

    def _ended(self, received: Received, status: int) -> None:
        with self._changed:
            self.in_flight -= 1
            received.status = status
            received.ended = time.monotonic()
            self._changed.notify_all()

    def _release_event(self, name: str) -> asyncio.Event:
        return self._release_events.setdefault(name, asyncio.Event())


def _script(given: Script | list[Answer] | Answer | str) -> Script:
    if isinstance(given, list):
        return in_turn(given)
    return always(given) if isinstance(given, Answer | str) else given


def _head(received: Received, kind: str) -> dict[str, Any]:
    model = received.body.get("model", "test")
    return {"id": f"chatcmpl-{received.number}", "object": kind, "created": 1_700_000_000, "model": model}


def _event(received: Received, choices: list[Any], usage: dict[str, Any] | None = None) -> bytes:
    data = {**_head(received, "chat.completion.chunk"), "choices": choices}
    if usage is not None:
        data["usage"] = usage
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _usage(received: Received, answer: Answer) -> dict[str, Any]:
    if answer.reported:
        return answer.reported
    cached = min(answer.cached_tokens, received.tokens_in)
    return {
        "prompt_tokens": received.tokens_in,
        "completion_tokens": received.tokens_out,
        "total_tokens": received.tokens_in + received.tokens_out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _error(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.retry_after_seconds is not None:
        headers["Retry-After"] = f"{answer.retry_after_seconds:g}"
    kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
    error = {
        "message": answer.text or f"scripted status {answer.status}",
        "type": kind.get(answer.status, "server_error" if answer.status >= 500 else "invalid_request_error"),
        "param": None,
        "code": answer.error_code,
    }
    return web.json_response({"error": error}, status=answer.status, headers=headers)


async def _send(response: web.StreamResponse, waiting: list[bytes], answer: Answer) -> None:
    data = b"".join(waiting)
    waiting.clear()
    step = answer.split_bytes or max(1, len(data))
    for at in range(0, len(data), step):
        await response.write(data[at : at + step])
        if answer.split_bytes:
            await asyncio.sleep(0)


class Serving:
    """A server in a process of its own, seen from outside."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def record(self) -> dict[str, Any]:
        """What the server has seen so far: `in_flight`, `high_water`, `billed_tokens`, `requests`."""
        url = self.base_url.removesuffix("/v1") + "/_record"
        with urllib.request.urlopen(url, timeout=10) as reply:
            data: dict[str, Any] = json.load(reply)
        return data


@contextlib.contextmanager
def serving(script: Path) -> Iterator[Serving]:
    """A server as a process of its own, which takes no time from the process that measures."""
    command = [sys.executable, "-m", "tests.servers.openai_server", str(script)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Serving(json.loads(process.stdout.readline())["base_url"])
        finally:
            process.terminate()


def main() -> None:
    """Serve a script until a signal says to stop."""
    parser = argparse.ArgumentParser(prog="openai_server")
    parser.add_argument("script", type=Path)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = Server(from_json(options.script))
    server.start(options.port)
    print(json.dumps({"base_url": server.base_url}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    server.stop()


if __name__ == "__main__":
    main()
