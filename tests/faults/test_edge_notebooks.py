"""JupyterLab behind the edge: who is let in, what is passed on, and what becomes of slow ones."""

import os
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.edge.notebooks import MAX_BODY, MAX_TUNNELS
from argosy.ground.notebooks import COOKIE, new_session, site_path
from tests.support.certificates import new_key
from tests.support.fake_jupyter import FakeJupyter
from tests.support.raw import Answer, Reader, wire
from tests.support.stage import Stage, stage, wait_until

MIB = 1024 * 1024
SECRET = "of this start"
SITE = "lab-1a2b3c4d"
PATH = site_path(SITE)
UPGRADE = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with stage() as built:
        built.start_feed()
        built.start_control()
        built.start_edge()
        yield built


@pytest.fixture
def jupyter(scene: Stage) -> Iterator[FakeJupyter]:
    """In service; nothing of one test is open in the next."""
    yield started(scene, "lab")
    scene.publish(scene.table())


def started(scene: Stage, name: str) -> FakeJupyter:
    path = scene.folder.run / f"{name}-{scene.version}.jupyter"
    server: FakeJupyter = scene.thread(FakeJupyter(path))
    serve(scene, path)
    return server


def serve(scene: Stage, path: Path, secret: str = SECRET) -> None:
    entry = {"address": f"unix:{path}", "secret": secret}
    scene.publish({**scene.table(), "notebooks": {SITE: entry}})


def head(path: str, method: str = "GET", cookie: str | None = None, **headers: str) -> bytes:
    session = new_session(SECRET, time.time() + 60) if cookie is None else cookie
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"host": "edge", "cookie": f"_xsrf=x; {COOKIE}={session}", **given}
    return wire(method, PATH + path, sent)


def asked(scene: Stage, data: bytes) -> Answer:
    with scene.connect() as connection:
        reader = Reader(connection)
        connection.sendall(data)
        answer = reader.answer()
        reader.close()
        assert answer is not None
        return answer


def opened(connection: Any, path: str = "echo", **headers: str) -> Reader:
    """A WebSocket on that connection."""
    reader = Reader(connection)
    connection.sendall(head(path, **UPGRADE, **headers).replace(b"content-length: 0\r\n", b""))
    answer = reader.answer()
    assert answer is not None
    assert answer.status == 101, answer
    return reader


def rss_kb(stage: Stage) -> int:
    assert stage.edge is not None
    with open(f"/proc/{stage.edge.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


# -- who is let in


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        pytest.param(new_session("another start", time.time() + 600), id="another's"),
        pytest.param(new_session(SECRET, time.time() - 1), id="over"),
        pytest.param(new_session(SECRET, time.time() + 600)[:-1] + "g", id="forged"),
        pytest.param("9" + new_session(SECRET, time.time() + 600), id="longer"),
    ],
)
def test_without_a_session_nothing_of_jupyter_is_there(
    scene: Stage, jupyter: FakeJupyter, cookie: str
) -> None:
    for request in (
        head("lab", cookie=cookie),
        head("api/kernels", "POST", cookie=cookie),
        head("echo", cookie=cookie, **UPGRADE),
    ):
        answer = asked(scene, request)
        assert answer.status == 403
        assert b"CreatePresignedNotebookInstanceUrl" in answer.body
    assert jupyter.seen == []


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "http://elsewhere"},
        {"origin": "http://edge:1"},
        {"origin": "null"},
        {"origin": "http://[edge"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
    ],
)
def test_what_another_sites_page_sends_is_refused(
    scene: Stage, jupyter: FakeJupyter, told: dict[str, str]
) -> None:
    assert asked(scene, head("api/kernels", "POST", **told)).status == 403
    assert asked(scene, head("echo", **UPGRADE, **told)).status == 403
    assert jupyter.seen == []


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"origin": "http://edge"},
        {"origin": "https://EDGE", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},
        {"sec_fetch_site": "none"},
    ],
)
def test_the_sites_own_pages_programs_and_links_to_it_pass(
    scene: Stage, jupyter: FakeJupyter, told: dict[str, str]
) -> None:
    assert asked(scene, head("lab", **told)).status == 200


def test_jupyter_gets_the_request_as_it_came_but_no_session(
    scene: Stage, jupyter: FakeJupyter
) -> None:
    answer = asked(scene, head("api/x%20y?q=1", "POST", authorization="token t", x_argosy_arn="a"))

    assert answer.status == 200
    (seen,) = jupyter.seen
    assert (seen["method"], seen["path"]) == ("POST", f"{PATH}api/x%20y?q=1")
    assert seen["headers"]["cookie"] == "_xsrf=x"
    assert seen["headers"]["host"] == "edge"
    assert not {"authorization", "x-argosy-arn"} & seen["headers"].keys()


def test_a_link_is_control_s_to_answer(scene: Stage, jupyter: FakeJupyter) -> None:
    assert scene.control is not None
    scene.control.seen.clear()

    asked(scene, head("?authToken=t", cookie=""))

    (seen,) = scene.control.seen
    assert seen["path"] == f"{PATH}?authToken=t"
    assert jupyter.seen == []
    assert "authToken" not in scene.edge_log()


def test_a_path_without_its_slash_is_led_to_where_the_cookie_is_sent(
    scene: Stage, jupyter: FakeJupyter
) -> None:
    answer = asked(scene, wire("GET", PATH[:-1], {"host": "edge"}))

    assert (answer.status, answer.headers["location"]) == (307, PATH)


def test_an_instance_that_is_not_served_says_so(scene: Stage) -> None:
    answer = asked(scene, head("lab"))

    assert answer.status == 404
    assert b"CreatePresignedNotebookInstanceUrl" in answer.body


def test_a_jupyter_that_has_ended_is_told_of_plainly(scene: Stage) -> None:
    serve(scene, scene.folder.run / "nobody.jupyter")

    answer = asked(scene, head("lab"))

    assert answer.status == 503
    assert b"starts it again" in answer.body
    assert asked(scene, head("echo", **UPGRADE)).status == 503


# -- WebSockets


def test_bytes_go_both_ways(scene: Stage, jupyter: FakeJupyter) -> None:
    with scene.connect() as connection:
        reader = opened(connection, origin="http://edge", sec_websocket_protocol="v1")
        sent = os.urandom(3 * MIB)
        for start in range(0, len(sent), MIB // 4):
            piece = sent[start : start + MIB // 4]
            connection.sendall(piece)
            assert reader.read(len(piece)) == piece
        reader.close()
    headers = {name.lower(): value for name, value in jupyter.seen[0]["headers"].items()}
    assert headers["sec-websocket-protocol"] == "v1"
    assert headers["cookie"] == "_xsrf=x"


def test_what_follows_a_refused_handshake_reaches_nobody(
    scene: Stage, jupyter: FakeJupyter
) -> None:
    """Else one could ask Jupyter past the edge, on the same connection."""
    with scene.connect() as connection:
        reader = Reader(connection)
        connection.sendall(head("else", **UPGRADE) + head("api/secret"))
        answer = reader.answer()
        assert answer is not None
        assert answer.status == 404
        assert reader.at_end()
        reader.close()
    assert [one["path"] for one in jupyter.seen] == [f"{PATH}else"]


@pytest.mark.parametrize("upgrade", ["h2c", "WebSocket, h2c"])
def test_other_protocols_are_not_taken(scene: Stage, jupyter: FakeJupyter, upgrade: str) -> None:
    assert asked(scene, head("echo", **{**UPGRADE, "upgrade": upgrade})).status == 200
    assert "upgrade" not in jupyter.seen[0]["headers"]


def test_a_websocket_ends_with_its_session(scene: Stage, jupyter: FakeJupyter) -> None:
    session = new_session(SECRET, time.time() + 2)
    with scene.connect() as connection:
        reader = opened(connection, cookie=session)
        assert reader.at_end()
        reader.close()
    assert asked(scene, head("lab", cookie=session)).status == 403


def test_stopping_an_instance_cuts_what_is_open_to_it(scene: Stage, jupyter: FakeJupyter) -> None:
    with scene.connect() as connection, scene.connect() as loading:
        reader = opened(connection)
        loading.sendall(head(f"file?size={200 * MIB}"))
        assert loading.recv(12) == b"HTTP/1.1 200"

        scene.publish(scene.table())

        assert reader.at_end()
        reader.close()
        size = 0
        try:
            while data := loading.recv(MIB):
                size += len(data)
        except ConnectionResetError:
            pass
        assert size < 200 * MIB


def test_another_start_of_the_instance_ends_the_sessions_of_the_last(
    scene: Stage, jupyter: FakeJupyter
) -> None:
    with scene.connect() as connection:
        reader = opened(connection)

        serve(scene, Path(str(jupyter.server_address)), secret="another")

        assert reader.at_end()
        reader.close()
    assert asked(scene, head("lab")).status == 403


def test_so_many_websockets_and_no_more(scene: Stage, jupyter: FakeJupyter) -> None:
    connections = [scene.connect() for _ in range(MAX_TUNNELS)]
    readers = [opened(one) for one in connections]

    assert asked(scene, head("echo", **UPGRADE)).status == 503
    assert asked(scene, head("lab")).status == 200, "requests are counted by themselves"
    readers.pop().close()
    connections.pop().close()
    wait_until(lambda: asked(scene, head("else", **UPGRADE)).status == 404)

    for one in (*readers, *connections):
        one.close()


def test_a_browser_that_takes_nothing_makes_jupyter_wait(
    scene: Stage, jupyter: FakeJupyter
) -> None:
    before = rss_kb(scene)
    with scene.connect() as connection:
        reader = opened(connection, "flood")
        wait_until(lambda: is_still(jupyter))
        assert jupyter.flooded < 100 * MIB
        assert rss_kb(scene) - before < 40_000
        assert reader.read(8 * MIB) == b"y" * 8 * MIB
        reader.close()


def is_still(jupyter: FakeJupyter) -> bool:
    before = jupyter.flooded
    time.sleep(0.3)
    return 0 < before == jupyter.flooded


def test_a_websocket_works_by_tls_too(tmp_path: Path) -> None:
    key = new_key("127.0.0.1")
    for name, text in key.items():
        (tmp_path / name).write_text(text)
    files = {"tls_cert": str(tmp_path / "certificate"), "tls_key": str(tmp_path / "key")}
    trusting = ssl.create_default_context(cadata=key["certificate"])
    with stage(**files) as scene:
        scene.start_feed()
        scene.start_edge()
        started(scene, "tls")
        with trusting.wrap_socket(scene.connect(), server_hostname="127.0.0.1") as connection:
            reader = opened(connection)
            connection.sendall(b"over TLS")
            assert reader.read(8) == b"over TLS"
            reader.close()


# -- large bodies


def test_uploads_and_downloads_are_not_held(scene: Stage, jupyter: FakeJupyter) -> None:
    before = rss_kb(scene)
    with scene.connect() as connection:
        connection.sendall(head(f"file?size={150 * MIB}"))
        time.sleep(0.5)
        assert rss_kb(scene) - before < 40_000
        received = 0
        while received < 150 * MIB:
            received += len(connection.recv(MIB))
    body = os.urandom(MIB) * 30
    with scene.connect() as connection:
        request = head("file", "PUT").replace(b"length: 0", b"length: %d" % len(body))
        connection.sendall(request + body)
        reader = Reader(connection)
        answer = reader.answer()
        reader.close()
    assert answer is not None
    assert jupyter.seen[-1]["body"] == body
    assert rss_kb(scene) - before < 40_000


def test_a_body_larger_than_jupyter_takes_is_refused_at_once(
    scene: Stage, jupyter: FakeJupyter
) -> None:
    request = head("file", "PUT").replace(b"length: 0", b"length: %d" % (MAX_BODY + 1))

    answer = asked(scene, request)

    assert answer.status == 413
    assert b"512 MiB" in answer.body
    assert jupyter.seen == []


# -- without control


def test_sessions_go_on_while_control_is_away() -> None:
    """An edge that starts then has the table of the disk."""
    with stage() as scene:
        path = scene.folder.run / "away.jupyter"
        scene.thread(FakeJupyter(path))
        entry = {"address": f"unix:{path}", "secret": SECRET}
        scene.on_disk({**scene.table(), "notebooks": {SITE: entry}})
        scene.start_edge()

        assert asked(scene, head("lab")).status == 200
        with scene.connect() as connection:
            opened(connection).close()


def test_before_the_first_table_nobody_is_told_that_an_instance_is_gone() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.start_edge()
        assert asked(scene, head("lab")).status == 503
        scene.publish(scene.table())
        assert asked(scene, head("lab")).status == 404
