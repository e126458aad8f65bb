"""An image with this machine's Python in it and a small server, assembled without any tool.

Like a distribution's image it has `/lib` as a link to `usr/lib`; its upper layers remove and
replace what the lower ones brought.
"""

import functools
import gzip
import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

from argosy.agent.image_config import machine
from tests.support.oci_images import Image, layer

HOME = "opt/python"
_STDLIB = Path(sysconfig.get_path("stdlib"))
_VERSION = _STDLIB.name
_PACKAGES = (
    *("collections", "concurrent", "email", "encodings", "html", "http", "importlib"),
    *("json", "re", "urllib"),
)
_LINKED = ("binascii", "zlib")
"""Modules that are needed and have libraries of their own."""
_LINKS = {"lib": "usr/lib", "lib64": "usr/lib64", "bin": "usr/bin"}

SERVER = """
import http.server, json, os, pwd, signal, socket, sys

FOLDER = "/opt/ml/model/model.json"


def predict(rows):
    model = json.load(open(FOLDER))
    scores = [
        [sum(w * x for w, x in zip(one, row)) + b for one, b in zip(model["coef"], model["bias"])]
        for row in rows
    ]
    return [score.index(max(score)) for score in scores]


def about():
    if os.access(".", os.W_OK):
        open("written", "w").close()
    return {
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "ids": [os.getuid(), os.getgid()],
        "folder": os.getcwd(),
        "written": os.listdir(),
        "environment": dict(os.environ),
        "arguments": sys.argv[1:],
        "root": sorted(os.listdir("/")),
        "opt": sorted(os.listdir("/opt")),
        "host": socket.gethostname(),
        "interfaces": [name for _, name in socket.if_nameindex()],
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if body == "about":
            return self.answer(json.dumps(about()).encode())
        if body == "exit":
            print("the program gives up", flush=True)
            os._exit(9)
        rows = [[float(cell) for cell in line.split(",")] for line in body.splitlines()]
        print("predicting", len(rows), flush=True)
        self.answer(json.dumps(predict(rows)).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def stop(number, frame):
    print("told to stop", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
assert sys.argv[1:] == ["serve"], sys.argv
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""
PASSWD = b"root:x:0:0::/root:/bin/sh\nmodel:x:1234:77::/app:/bin/sh\n"


def image(**settings: object) -> Image:
    """The image; `settings` are further members of its configuration."""
    below = layer({"app/main.py": b"raise SystemExit('the old one')", "app/secret": b"s"})
    above = layer({"app/main.py": SERVER.encode(), "app/.wh.secret": b"", "etc/passwd": PASSWD})
    config = {
        "Entrypoint": [f"/{HOME}/bin/python3", "main.py"],
        "Cmd": ["ignored"],
        "Env": [f"PYTHONHOME=/{HOME}", f"LD_LIBRARY_PATH=/{HOME}/lib", "GREETING=from the image"],
        "WorkingDir": "/app",
        "User": "model",
        **settings,
    }
    return Image((python_layer(), below, above), config, machine())


@functools.cache
def python_layer() -> bytes:
    """Python and the libraries that it is linked with."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, target in _LINKS.items():
            folder = tarfile.TarInfo(target)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for path, name in _files():
            tar.add(os.path.realpath(path), name, recursive=False)
    return gzip.compress(packed.getvalue(), 1, mtime=0)


def _files() -> Iterator[tuple[Path, str]]:
    program = Path(os.path.realpath(sys.executable))
    yield program, f"{HOME}/bin/python3"
    modules = [found for name in _LINKED for found in _STDLIB.glob(f"lib-dynload/{name}.*.so")]
    for library in sorted({one for linked in (program, *modules) for one in libraries(linked)}):
        inside = f"{HOME}/lib/{library.name}" if "python" in library.name else str(library)[1:]
        yield library, inside
    for path in sorted(_STDLIB.glob("*.py")):
        yield path, f"{HOME}/lib/{_VERSION}/{path.name}"
    for package in (*_PACKAGES, "lib-dynload"):
        yield from stdlib(package)


def stdlib(package: str) -> Iterator[tuple[Path, str]]:
    """A package of the standard library: its files here, and their places in the image."""
    for path in sorted((_STDLIB / package).rglob("*")):
        if path.is_file() and path.suffix in (".py", ".so") and "test" not in path.name:
            yield path, f"{HOME}/lib/{_VERSION}/{path.relative_to(_STDLIB)}"


def libraries(program: Path) -> list[Path]:
    """The libraries that a program or library is linked with, the C library's among them."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", said)]
