"""Where the harness keeps things: peers' folders, their venvs, results."""

from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PEERS = BENCH / "peers"
VENVS = BENCH / "venvs"
RESULTS = BENCH / "results"
