"""The generator's process, as seen by who orders loads and reads results."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from argosy.ground.errors import ArgosyError
from argosy.load.measured import Load, Measured
from argosy.load.target import Target

_SPARE_S = 30.0

OnSecond = Callable[[dict[str, Any]], None]


class Engine:
    """Runs loads on one target, one after another. Ends its process when it is closed."""

    def __init__(self, target: Target) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "argosy.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say({"target": target.to_json()})

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, load: Load, on_second: OnSecond = lambda _: None) -> Measured:
        """Load the target. Raises ArgosyError when it cannot be reached."""
        watch = threading.Timer(load.seconds + load.grace_s + _SPARE_S, self._process.kill)
        watch.daemon = True
        try:
            watch.start()
            self._say({"load": asdict(load)})
            return self._hear(on_second)
        finally:
            watch.cancel()

    def close(self) -> None:
        """End the process, in the middle of a load too."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _hear(self, on_second: OnSecond) -> Measured:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if "second" in message:
                on_second(message["second"])
            elif "failed" in message:
                raise ArgosyError(f"The endpoint cannot be reached: {message['failed']}")
            else:
                return Measured(**message["measured"])
        raise ArgosyError("The load generator ended before its load did.")

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ArgosyError("The load generator ended before its load did.") from None
