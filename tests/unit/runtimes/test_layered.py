"""Packages laid over the installed ones."""

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from argosy.runtimes.layered import lay_over
lay_over(sys.argv[1])
import colorsys, numpy, extra
print(numpy.__file__, colorsys.__file__, extra.__file__, sep="\\n")
"""


def test_a_models_packages_hide_installed_ones_but_not_the_standard_library(tmp_path: Path) -> None:
    for name in ("numpy", "colorsys"):
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "by-link").mkdir()
    (tmp_path / "by-link" / "extra.py").touch()
    (tmp_path / "x.pth").write_text("by-link\n")

    printed = subprocess.check_output([sys.executable, "-P", "-c", CODE, tmp_path], text=True)

    numpy, colorsys, extra = map(Path, printed.split())
    assert numpy.parent == tmp_path
    assert colorsys.parent != tmp_path
    assert extra.parent == tmp_path / "by-link"
