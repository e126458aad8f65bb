"""libsvm text, compared with what scikit-learn reads and writes."""

import contextlib
import io

import numpy as np
import pytest
import scipy.sparse
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.datasets import dump_svmlight_file

from argosy.runtimes import decoders, sparse
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import LIBSVM, media_type


@given(seed=st.integers(0, 1000), comment=st.sampled_from([None, "made by a test"]))
def test_what_scikit_learn_writes_is_read_as_it_was(seed: int, comment: str | None) -> None:
    rows = scipy.sparse.random(4, 6, 0.4, format="csr", random_state=seed)
    stream = io.BytesIO()
    dump_svmlight_file(rows, [0, 1, 0, 1], stream)
    text = stream.getvalue().replace(b"\n", b" # " + comment.encode() + b"\n" if comment else b"\n")
    read = sparse.fit(decoders.decode(LIBSVM, text).rows, 6)
    assert np.allclose(read.toarray(), rows.toarray(), rtol=1e-12)


def test_labels_groups_and_empty_rows_are_told_apart() -> None:
    read = decoders.decode(LIBSVM, b"1 qid:3 0:1.5 2:-2\r\n\n-1\n1:4 0:nan").rows
    dense = sparse.fit(read, None).toarray()
    assert dense[:3].tolist() == [[1.5, 0, -2], [0, 0, 0], [0, 0, 0]]
    assert np.isnan(dense[3, 0])
    assert dense[3, 1] == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b" \n ", "no rows"),
        (b"a 1:2", "'a', which is neither a label"),
        (b"0:1\n1 2", "row 1 .* has '2'"),
        (b"0 1:2:3", "'1:2:3'"),
        (b"0 1:x", "'1:x'"),
        (b"0 1_0:2", "'1_0:2'"),
        (b"0 -1:2", "index -1"),
        (b"0 9999999999:2", "index 9999999999"),
        (b"0 1:2 1:3", "twice"),
        (b"\xff", "cannot be read"),
        (b"0 1:2\0", "'1:2"),
    ],
)
def test_what_is_not_libsvm_is_refused_with_its_place(text: bytes, says: str) -> None:
    with pytest.raises(Fault, match=says) as caught:
        decoders.decode(LIBSVM, text)
    assert caught.value.status_code == 400


@given(st.text("0123456789: .-#q\nid\r\x0b", max_size=30) | st.binary(max_size=20))
def test_any_text_gives_rows_or_a_fault(text: str | bytes) -> None:
    body = text.encode() if isinstance(text, str) else text
    with contextlib.suppress(Fault):
        assert decoders.decode(LIBSVM, body).rows.shape[0] >= 1


@given(st.lists(st.text("01: \n", min_size=1, max_size=12), min_size=1, max_size=4))
@example(["100:0"])
@example(["0 1:1", "1 11:1"])
def test_bodies_read_together_are_what_each_is_alone(texts: list[str]) -> None:
    bodies = [text.encode() for text in texts]
    merged = decoders.decode_together(LIBSVM, bodies)
    if merged is None:
        return
    try:
        alone = [sparse.fit(decoders.decode(LIBSVM, body).rows, 12).toarray() for body in bodies]
    except Fault:  # a column beyond the twelfth
        with pytest.raises(Fault):
            sparse.fit(merged.matrix, 12)
        return
    assert merged.counts == [len(rows) for rows in alone]
    assert np.array_equal(sparse.fit(merged.matrix, 12).toarray(), np.concatenate(alone))


def test_the_types_other_name_means_the_same() -> None:
    assert media_type("text/x-libsvm; charset=utf-8") == LIBSVM
