"""mosec: one inference worker behind its Rust front; its flags come on the command line.

BENCH_BATCH: most requests of one batch, gathered for 1 ms at most; 1 leaves batching off.
"""

import os

import joblib
from mosec import Server, Worker


class Predict(Worker):
    """With batching on mosec hands over a list of requests and wants a list back."""

    def __init__(self):
        self.model = joblib.load(os.environ["BENCH_MODEL"])

    def forward(self, data):
        if isinstance(data, dict):
            return {"predictions": self.model.predict(data["instances"]).tolist()}
        rows = [row for request in data for row in request["instances"]]
        return [{"predictions": [answer]} for answer in self.model.predict(rows).tolist()]


if __name__ == "__main__":
    batch = int(os.environ["BENCH_BATCH"])
    batching = {"max_batch_size": batch, "max_wait_time": 1} if batch > 1 else {}
    server = Server()
    server.append_worker(Predict, num=1, **batching)
    server.run()
