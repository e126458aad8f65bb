"""Attributes of messages: the digest that clients check, and what is kept."""

from argosy.messaging import attributes


def test_the_digest_is_the_one_that_clients_make() -> None:
    given = {"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}}

    assert attributes.md5(given) == "235c5c510d26fb653d073faed50ae77c"


def test_what_is_kept_comes_back_as_it_was() -> None:
    given = {
        "a": {"DataType": "String.x", "StringValue": "ü"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }

    assert attributes.load(attributes.dump(given)) == given
    assert attributes.load(attributes.dump({})) == {}


def test_a_filter_sees_texts_numbers_and_the_items_of_arrays() -> None:
    given = {
        "text": {"DataType": "String", "StringValue": "x"},
        "number": {"DataType": "Number", "StringValue": "1.50"},
        "array": {"DataType": "String.Array", "StringValue": '["a", 1, true, null, ["no"]]'},
        "raw": {"DataType": "Binary", "BinaryValue": b"x"},
    }

    assert attributes.facts(given) == {
        "text": ["x"],
        "number": [1.5],
        "array": ["a", 1, True, None],
        "raw": [],
    }
