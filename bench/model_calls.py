"""How much time the adapters add to many short model calls, side by side on one machine.

A scripted server in a process of its own answers every call after 200 ms. Printed for each adapter and
each number of calls in flight: the time, the ideal time, their ratio, and the CPU of one call.

Run:     python -m bench.model_calls [--calls 1000] [--in-flight 64 256] [--adapters slim litellm]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.events.values import Message
from rlm_cli.models.opening import ModelOptions, open_model
from rlm_cli.ports import Model, Request, Response
from tests.servers.openai_server import serving

ANSWER_SECONDS = 0.2
REQUEST = Request(
    messages=(Message("system", "Be short."), Message("user", "word " * 200)), max_tokens_out=64
)


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Units:   seconds of wall-clock; milliseconds of CPU a call, of this process alone.
    """

    seconds: float
    ideal_seconds: float
    cpu_ms: float

    @property
    def ratio(self) -> float:
        """How many times the ideal it took."""
        return self.seconds / self.ideal_seconds


async def measured(model: Model, calls: int, in_flight: int) -> Measured:
    """The time that so many calls take with so many in flight."""
    gate = asyncio.Semaphore(in_flight)

    async def one() -> int:
        async with gate:
            async for item in model.stream(REQUEST):
                if isinstance(item, Response):
                    return item.usage.tokens_out
        raise AssertionError("a stream without a response")

    await asyncio.gather(*(one() for _ in range(min(calls, in_flight))))  # connections, lazy imports
    began, cpu = time.perf_counter(), time.process_time()
    spoken = await asyncio.gather(*(one() for _ in range(calls)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert all(spoken), "a reply was empty"
    return Measured(seconds, math.ceil(calls / in_flight) * ANSWER_SECONDS, cpu / calls * 1000)


async def compare(base_url: str, calls: int, widths: list[int], adapters: list[str]) -> None:
    """Print one line for each adapter and width."""
    environ = {"OPENAI_API_KEY": "none-is-needed", "OPENAI_BASE_URL": base_url}
    print(f"{calls:,} calls of {ANSWER_SECONDS * 1000:.0f} ms")
    print(f"{'adapter':<10}{'in flight':>10}{'seconds':>10}{'ideal':>8}{'ratio':>8}{'CPU ms a call':>16}")
    for adapter in adapters:
        for in_flight in widths:
            options = ModelOptions(environ=environ, transport=adapter)
            model = open_model("openai/gpt-4o-mini", options, "sub")
            found = await measured(model, calls, in_flight)
            await model.close()
            print(
                f"{adapter:<10}{in_flight:>10}{found.seconds:>10.2f}{found.ideal_seconds:>8.2f}"
                f"{found.ratio:>8.2f}{found.cpu_ms:>16.2f}"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--adapters", nargs="+", default=["slim", "litellm"], choices=["slim", "litellm"])
    options = parser.parse_args()
    answer = {"text": "a short reply of nine words from the server", "first_delay_seconds": ANSWER_SECONDS}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.json"
        script.write_text(json.dumps([answer]), encoding="utf-8")
        with serving(script) as server:
            asyncio.run(compare(server.base_url, options.calls, options.in_flight, options.adapters))


if __name__ == "__main__":
    main()
