"""Whatever a client sends is answered, says what is wrong, and leaves the worker well."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.runtimes.kits import CSV, JSON, NPY, Kit, as_json, as_npy
from tests.support.worker_client import Worker, WorkerClient


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        (JSON, b"{", "cannot be read"),
        (JSON, b"5", "list of rows"),
        (JSON, b"[]", "no rows"),
        (JSON, b'{"rows": [[1]]}', "instances"),
        (JSON, b"[[1,2,3,4],[1,2]]", "row 1 has 2 values"),
        (JSON, b'[[1,2,3,{"a":1}]]', "numbers, strings or null"),
        (JSON, b"[[1,2,3,1" + b"0" * 400 + b"]]", "cannot be read"),
        (JSON, b"[" * 100_000, "nested"),
        (JSON, b"\xff\xfe\x00", "cannot be read"),
        (CSV, b"\n\n", "no rows"),
        (CSV, b"1,2,3,4\n1,2\n", "row 1 has 2 values"),
        (NPY, b"no", "numpy.save"),
        (NPY, b"\x93NUMPY\x01\x00v\x00" + b"x" * 118, "header"),
        ("application/x-npz", b"PK", "NPZ"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_what_is_wrong(
    kit: Kit, client: WorkerClient, content_type: str, body: bytes, says: str
) -> None:
    reply = client.predict(body, content_type)
    assert reply.status == kit.unreadable
    assert says in reply.json()["error-message"]
    assert "stack-trace" not in reply.json()


@pytest.mark.parametrize(
    ("content_type", "body", "wrong"),
    [
        (JSON, b"[[1,2,3]]", "columns"),
        (CSV, b"1,2,3\n", "columns"),
        (JSON, b'[["a","b","c","d"]]', "text"),
        (CSV, b"a,b,c,d\n", "text"),
        (JSON, b"[[1,2,3,NaN]]", "nan"),
        (CSV, b"1,2,3,\n", "nan"),
    ],
)
def test_rows_that_the_model_cannot_take_are_a_400_that_says_why(
    kit: Kit, client: WorkerClient, content_type: str, body: bytes, wrong: str
) -> None:
    reply = client.predict(body, content_type)
    statuses = (400, kit.unreadable) if wrong in kit.says else (200,)
    assert reply.status in statuses
    if wrong in kit.says:
        assert kit.says[wrong] in reply.json()["error-message"]
        assert "stack-trace" not in reply.json()


def test_no_body_at_all_is_answered(kit: Kit, client: WorkerClient) -> None:
    reply = client.predict(b"", JSON)
    assert reply.status == kit.empty
    assert (b"empty" in reply.body) == (kit.empty == 400)


def test_a_pickle_inside_an_npy_body_is_refused(kit: Kit, client: WorkerClient) -> None:
    reply = client.predict(as_npy(np.array([{"a": 1}], dtype=object)), NPY)
    assert reply.status == kit.unreadable
    assert "Python objects" in reply.json()["error-message"]


def test_a_content_type_nobody_reads_is_a_415(client: WorkerClient) -> None:
    assert client.predict(b"<a/>", "application/xml").status == 415


def test_an_accept_nobody_writes_is_a_406(kit: Kit, client: WorkerClient) -> None:
    assert client.predict(as_json(kit.rows[0]), JSON, "image/png").status == 406


# Shrinking talks to the worker again and again; the worker is meant to be shared.
fuzzed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


@fuzzed
@given(body=st.binary(max_size=200), content_type=st.sampled_from([JSON, CSV, NPY, "", "a/b"]))
def test_any_bytes_are_answered_without_a_server_error(
    client: WorkerClient, body: bytes, content_type: str
) -> None:
    assert 200 <= client.predict(body, content_type).status < 500
    assert client.ping() == 200


@fuzzed
@given(value=json_values | json_values.map(lambda value: {"instances": value}))
def test_any_json_is_answered_without_a_server_error(client: WorkerClient, value: Any) -> None:
    assert 200 <= client.predict(json.dumps(value).encode(), JSON).status < 500


@fuzzed
@given(body=st.binary(max_size=100), at=st.integers(0, 127))
def test_a_damaged_npy_is_answered_without_a_server_error(
    kit: Kit, client: WorkerClient, body: bytes, at: int
) -> None:
    good = as_npy(kit.rows[:2])
    damaged = good[:at] + body + good[at + len(body) :]
    assert 200 <= client.predict(damaged, NPY).status < 500


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, b"\0" * 16])
def test_a_connection_that_speaks_no_frames_is_closed_and_others_go_on(
    loaded: Worker, client: WorkerClient, garbage: bytes
) -> None:
    with loaded.connect() as stranger:
        stranger.send_bytes(garbage)
        with pytest.raises(ConnectionError):
            stranger.read()
    assert client.ping() == 200
