"""DataProcessing and inference ids: what the model is sent of each record, and what is kept.

Every record of a mini-batch has to have its own line in the answer; where there are more or fewer,
that is an error, for nobody could tell which prediction belongs to which record. What a filter
finds nothing in is an error too.
"""

import uuid
from collections.abc import Callable
from typing import Any, TypedDict

from argosy.agent.porter.transform.batch import Buffer
from argosy.agent.porter.transform.failures import BadAnswer, BadInput
from argosy.agent.porter.transform.forms import Form, Json, Rows
from argosy.agent.porter.transform.lines import records_in
from argosy.ground.json_path import NothingThere


class Rules(TypedDict, total=False):
    InputFilter: str
    OutputFilter: str
    JoinSource: str


_LINES = ("application/jsonlines", "application/x-jsonlines", "application/x-ndjson")
_SHOWN = 60


class Processing:
    """The rules of one job, ready for use."""

    def __init__(
        self,
        form: Form,
        rules: Rules,
        *,
        by_line: bool = True,
        inference_time: str = "",
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """by_line: a body is one record per line, else one record.

        inference_time: what is added beside a new id to each record; "" for neither.
        Raises BadPath.
        """
        self._form = form
        self._by_line = by_line
        self._time = inference_time
        self._new_id = new_id
        self._joins = rules.get("JoinSource", "None") == "Input"
        self._input = form.path(rules.get("InputFilter") or "$")
        self._output = form.path(rules.get("OutputFilter") or "$")
        self._take = form.selector(self._input)
        self._keep = form.selector(self._output)
        self._reads = not (self._output.whole and not self._joins and not self._time)

    def records(self, body: bytes) -> list[bytes]:
        """The records of a mini-batch."""
        return records_in(body) if self._by_line else [body]

    def request(self, records: list[bytes]) -> bytes:
        """What the model is sent. Raises BadInput with the record's number in the batch."""
        if self._input.whole:
            return self._body(records)
        return self._body([self._asked(number, one) for number, one in enumerate(records)])

    def result(self, records: list[bytes], answer: bytes, content_type: str) -> list[Buffer]:
        """What is kept of the records and of the model's answer to them.

        Raises BadAnswer, BadInput with the record's number in the batch.
        """
        self._check_type(content_type)
        predictions = records_in(answer) if self._by_line else [answer]
        if len(predictions) != len(records):
            raise BadAnswer(
                f"the model answered {len(predictions)} lines to {len(records)} records; "
                "DataProcessing needs one line for each record",
                first=0,
                count=len(records),
            )
        if not self._reads:
            return [self._body(predictions)]
        if self._joins and self._output.whole and not self._time and isinstance(self._form, Rows):
            pairs = zip(records, predictions, strict=True)
            return [self._body([b"%b,%b" % pair for pair in pairs])]
        kept = map(self._kept, range(len(records)), records, predictions)
        return [self._body(list(kept))]

    def _check_type(self, content_type: str) -> None:
        """An answer in JSON must not be taken for rows."""
        is_json = "json" in content_type.partition(";")[0]
        if is_json and isinstance(self._form, Rows):
            raise BadAnswer(
                f"the model answered {content_type} where DataProcessing needs text/csv; use the "
                "same type for ContentType and Accept"
            )

    def _body(self, records: list[bytes]) -> bytes:
        return b"\n".join(records) + (b"\n" if self._by_line and records else b"")

    def _asked(self, number: int, record: bytes) -> bytes:
        value = self._read(number, record)
        try:
            return self._form.write(self._take(value))
        except NothingThere as error:
            raise BadInput(f"InputFilter: {error}", first=number, count=1) from None

    def _kept(self, number: int, record: bytes, prediction: bytes) -> bytes:
        value = self._prediction(number, prediction)
        if self._joins:
            value = self._form.join(self._read(number, record), value)
        try:
            value = self._keep(value)
        except NothingThere as error:
            raise BadInput(f"OutputFilter: {error}", first=number, count=1) from None
        if self._time:
            value = self._form.tag(value, self._new_id(), self._time)
        return self._form.write(value)

    def _read(self, number: int, record: bytes) -> Any:
        try:
            return self._form.read(record)
        except ValueError as error:
            raise BadInput(
                f"the record {_shown(record)} is not {self._form.name} ({error})",
                first=number,
                count=1,
            ) from None

    def _prediction(self, number: int, prediction: bytes) -> Any:
        try:
            return self._form.read(prediction)
        except ValueError as error:
            raise BadAnswer(
                f"the model's answer {_shown(prediction)} is not {self._form.name} ({error})",
                first=number,
                count=1,
            ) from None


def processing_for(
    content_type: str, split_type: str, rules: Rules, inference_time: str = ""
) -> Processing | None:
    """What a job asks for; None when it asks for nothing.

    Raises BadInput for a type that cannot be processed, BadPath.
    """
    plain = (rules.get("InputFilter") or "$") == (rules.get("OutputFilter") or "$") == "$"
    if plain and rules.get("JoinSource", "None") == "None" and not inference_time:
        return None
    media = content_type.partition(";")[0].strip().lower()
    form: Form
    if media == "text/csv":
        form = Rows()
    elif media == "application/json" or media in _LINES:
        form = Json()
    else:
        raise BadInput(
            f"DataProcessing and inference ids work on text/csv, application/json and "
            f"application/jsonlines, not on {media or 'an unnamed type'}"
        )
    by_line = split_type == "Line" or media != "application/json"
    return Processing(form, rules, by_line=by_line, inference_time=inference_time)


def _shown(record: bytes) -> str:
    text = record[: _SHOWN + 1].decode("utf-8", "replace")
    return repr(text if len(record) <= _SHOWN else text[:_SHOWN] + "…")
