"""The analysis as a process: `python -m argosy.monitor RESULT`.

On stdin: one JSON object {"analysis": Analysis, "store": StoreAccess, "parent": its pid}. What is
printed goes into the job's log; the outcome is written to the file RESULT, whole or not at all. The
process ends with its parent.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from argosy.ground.errors import ArgosyError
from argosy.ground.files import write_json
from argosy.ground.instances import StoreAccess
from argosy.monitor.analysis import Analysis, BadData, Result, failed

_PR_SET_PDEATHSIG = 1
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_NICE = 10
"""Models go first."""
_EXTRA = "pip install 'argosy[monitor]'"


def main() -> None:
    asked = json.load(sys.stdin)
    _die_with(asked["parent"])
    os.nice(_NICE)
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    write_json(Path(sys.argv[1]), dict(_result(asked)))


def _result(asked: dict[str, Any]) -> Result:
    analysis: Analysis = asked["analysis"]
    _bound(analysis["memory_mb"])
    try:
        result = _run(analysis, StoreAccess(**asked["store"]))
    except (BadData, ArgosyError) as error:
        result = failed(str(error))
    except ImportError as error:
        result = failed(f"Model monitoring needs {error.name}, which is not installed: {_EXTRA}")
    except MemoryError:
        result = failed(
            f"The analysis needs more than the {analysis['memory_mb']} MiB that it may have "
            "(ARGOSY_MONITOR_MEMORY_MB)."
        )
    _say(result["failure"] or _told(result))
    return result


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def _run(analysis: Analysis, access: StoreAccess) -> Result:
    from argosy.objects.client import ObjectStore

    _say(f"Reading {', '.join(analysis['sources'])}")
    store = ObjectStore(access)
    try:
        if (quality := analysis["quality"]) is not None:
            from argosy.monitor.quality import running as of_models

            return of_models.run(store, analysis, quality, _say)
        from argosy.monitor import running as of_data

        return of_data.run(store, analysis, _say)
    finally:
        store.close()


def _bound(memory_mb: int) -> None:
    if memory_mb:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))


def _told(result: Result) -> str:
    found = result["violations"]
    compared = "nothing to compare with" if found is None else f"{found} violations"
    return f"{result['rows']} rows read, {result['skipped']} records skipped, {compared}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
