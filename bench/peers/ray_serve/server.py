"""Ray Serve: one local node, one proxy, one replica.

`max_ongoing_requests` is raised: with its default of 5 the router's back-off brings 32 connections
down to some 15 requests a second, and that would say little about Ray Serve.
gcs and raylet listen on all interfaces whatever they are told; HTTP is on loopback only.
"""

import os
import signal

import joblib
import ray
from ray import serve


@serve.deployment(num_replicas=1, max_ongoing_requests=256)
class Predict:
    def __init__(self, path):
        self.model = joblib.load(path)

    async def __call__(self, request):
        rows = (await request.json())["instances"]
        return {"predictions": self.model.predict(rows).tolist()}


def main():
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
        _temp_dir=os.environ["BENCH_SCRATCH"],
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["BENCH_PORT"])})
    serve.run(Predict.bind(os.environ["BENCH_MODEL"]), route_prefix="/invocations")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
