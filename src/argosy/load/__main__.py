"""`python -m argosy.load`: the generator's process. Lines of JSON in, lines of JSON out.

In come {"target": Target} once, then {"load": Load} one after another; out go {"second": …} while
a load runs and {"measured": Measured} at its end, or {"failed": why}. It ends with its input.
"""

import asyncio
import gc
import json
import signal
import sys
from dataclasses import asdict
from typing import Any

import uvloop

from argosy.load.generator import Generator
from argosy.load.measured import Load
from argosy.load.target import Target

_MAX_LINE = 256 * 1024 * 1024


async def work() -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_MAX_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    target = Target.from_json(json.loads(await reader.readline())["target"])
    reading = loop.create_task(reader.readline())
    while line := await reading:
        reading = loop.create_task(reader.readline())
        load = json.loads(line)["load"]
        generator = Generator(target, Load(**{**load, "shares": tuple(load["shares"])}), _second)
        running = loop.create_task(_run(generator))
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done() and not reading.result():
            running.cancel()  # nobody wants to know any more
            return
        await running


async def _run(generator: Generator) -> None:
    try:
        measured = await generator.run()
    except (OSError, ExceptionGroup) as error:
        _say({"failed": str(error) or type(error).__name__})
    else:
        _say({"measured": asdict(measured)})
    finally:
        generator.close()
        gc.collect()


def _second(second: dict[str, Any]) -> None:
    _say({"second": second})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
    gc.disable()  # a collection would be a pause of the generator's own making
    uvloop.run(work())
