"""MLServer with its scikit-learn runtime: writes the two settings files and starts it."""

import json
import os
import socket
import sys
from pathlib import Path


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def main():
    folder = Path(os.environ["BENCH_SCRATCH"])
    settings = {
        "host": "127.0.0.1",
        "http_port": int(os.environ["BENCH_PORT"]),
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 1,
        "debug": False,
    }
    model = {
        "name": "iris",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": os.environ["BENCH_MODEL"]},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    program = Path(sys.executable).with_name("mlserver")
    os.execv(program, [str(program), "start", str(folder)])


if __name__ == "__main__":
    main()
