"""Draws the invoke figures; run by the Python of bench/venvs/plot, which has matplotlib.

`python draw.py invoke.json invoke.png`. Imports nothing of this package.
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main(source, destination):
    with open(source) as file:
        report = json.load(file)
    stacks = [s for s in report["figures"]["stacks"] if s["loads"]]
    figure, axes = plt.subplots(1, 2, figsize=(13, 0.6 + 0.62 * len(stacks)), sharey=True)
    _bars(axes[0], stacks, "per_second", 1.0, "requests/s (log)")
    _bars(axes[1], stacks, "p99_us", 1000.0, "p99, ms (log)")
    axes[0].invert_yaxis()
    axes[1].legend(title="connections", loc="best", fontsize=8)
    figure.suptitle(report["title"])
    figure.text(0.01, 0.005, report["machine"], fontsize=7, color="grey")
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(destination, dpi=130)


def _bars(axis, stacks, key, divisor, label):
    connections = [load["connections"] for load in stacks[0]["loads"]]
    height = 0.8 / len(connections)
    for i, count in enumerate(connections):
        values = [_value(stack, count, key) / divisor for stack in stacks]
        places = [y + (i - (len(connections) - 1) / 2) * height for y in range(len(stacks))]
        bars = axis.barh(places, values, height, label=str(count))
        axis.bar_label(
            bars,
            labels=[f"{v:,.3g}" if v < 100 else f"{v:,.0f}" for v in values],
            fontsize=6,
            padding=2,
        )
    axis.set_yticks(range(len(stacks)), [stack["title"] for stack in stacks], fontsize=8)
    axis.set_xscale("log")
    axis.set_xlabel(label)
    axis.margins(x=0.15)


def _value(stack, connections, key):
    return next((x[key] for x in stack["loads"] if x["connections"] == connections), 0.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
