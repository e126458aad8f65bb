"""One pass over tuning jobs: trials are chosen and trained, and what became of them is noted.

Remembers nothing: the trials, with the hyperparameters that were chosen, stand in the record.
"""

import asyncio
import hashlib
import logging
from typing import Any

from argosy.control.means import Means
from argosy.control.tuning.choosing import Known, choose
from argosy.control.tuning.deciding import decide
from argosy.control.tuning.training import TrainingJobs
from argosy.ground.errors import ApiError
from argosy.ground.tuning import parse_ranges
from argosy.state import job_statuses, tuning_jobs
from argosy.state.records import Record, Stale
from argosy.state.state_changes import announce
from argosy.state.tuning_jobs import TUNING_JOB, Trial

log = logging.getLogger(__name__)

_NOTHING_TO_DO_S = 60.0
_LOOK_EVERY_S = 2.0
_SOON_S = 0.1
_RETRY_S = 5.0


class TuningReconciler:
    """What a loop activates."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._training = TrainingJobs(means)

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        pauses = [_NOTHING_TO_DO_S]
        for record in self._means.records.find(TUNING_JOB, statuses=job_statuses.UNFINISHED):
            try:
                pauses.append(await self._carry_on(record))
            except Stale:
                pauses.append(_SOON_S)
            except Exception:
                log.exception("tuning job %s could not be carried on; trying again", record.name)
                pauses.append(_RETRY_S)
        return min(pauses)

    async def stop(self) -> None:
        """Nothing is under way between its passes."""

    async def _carry_on(self, record: Record) -> float:
        """Raises Stale when the record has changed meanwhile."""
        record = await self._looked(record)
        document: Any = record.document
        trials: list[Trial] = document["trials"]
        age = self._means.clock.now() - record.created
        decision = decide(document["asked"], trials, record.status, age)
        end = document.get("outcome") or decision.end
        if end:
            return await self._end(record, *end)
        if decision.begin:
            await self._looked(await self._more(record, decision.begin))
        return _LOOK_EVERY_S

    async def _looked(self, record: Record) -> Record:
        """As `_look`; a training job that is refused ends the tuning job."""
        try:
            return await self._look(record)
        except ApiError as error:
            reason = f"{error.code}: {error.message}"
            return self._outcome(record, job_statuses.FAILED, reason)

    async def _look(self, record: Record) -> Record:
        """Note what has become of the trials; create the training jobs that there are not yet.

        Raises ApiError for a training job that is refused."""
        stopping = record.status == job_statuses.STOPPING or bool(record.document.get("outcome"))
        seen = [
            await self._training.look(record, one, stopping) for one in record.document["trials"]
        ]
        if seen == record.document["trials"]:
            return record
        return self._write(record, trials=seen)

    async def _more(self, record: Record, count: int) -> Record:
        """Choose the next trials, and write them down."""
        trials: list[Trial] = list(record.document["trials"])
        for _ in range(count):
            trials.append(await asyncio.to_thread(_next_trial, record, trials))
        return self._write(record, trials=trials)

    async def _end(self, record: Record, status: str, reason: str) -> float:
        """Stop what runs; when nothing does any more, the tuning job is over."""
        record = await self._look(self._outcome(record, status, reason))
        running = [
            one for one in record.document["trials"] if one["status"] not in job_statuses.FINISHED
        ]
        if running:
            await self._training.stop(record, running)
            return _LOOK_EVERY_S
        now = self._means.clock.now()
        document = {**record.document, "failure_reason": reason, "ended": now}
        with self._means.records.transaction():
            changed = self._means.records.update(record, now=now, document=document, status=status)
            announce(self._means.records, changed, now, record)
        return _NOTHING_TO_DO_S

    def _outcome(self, record: Record, status: str, reason: str) -> Record:
        outcome = [status, reason]
        if record.document.get("outcome") == outcome:
            return record
        return self._write(record, outcome=record.document.get("outcome") or outcome)

    def _write(self, record: Record, **members: Any) -> Record:
        document = {**record.document, **members}
        return self._means.records.update(record, now=self._means.clock.now(), document=document)


def _next_trial(record: Record, trials: list[Trial]) -> Trial:
    """Raises BadRanges, which CreateHyperParameterTuningJob does not let come to this."""
    document: Any = record.document
    asked, number = document["asked"], len(trials) + 1
    definitions = tuning_jobs.definitions_of(asked)
    place = len(trials) % len(definitions)
    config = asked["HyperParameterTuningJobConfig"]
    chosen = choose(
        config["Strategy"],
        parse_ranges(tuning_jobs.ranges_of(asked, definitions[place])),
        _known(document, trials, place),
        number=1 + sum(one["definition"] == place for one in trials),
        seed=_seed(record, config),
        maximize=tuning_jobs.maximizes(asked),
    )
    return {
        "number": number,
        "job": tuning_jobs.training_job_name(record.name, document["arn"], record.created, number),
        "definition": place,
        "hyperparameters": chosen,
        "status": "",
        "value": None,
    }


def _known(document: Any, trials: list[Trial], place: int) -> list[Known]:
    """The trials of a definition, those of its parents first."""
    earlier = [Known(one["hyperparameters"], one["value"]) for one in document["earlier"]]
    return earlier + [_known_of(one) for one in trials if one["definition"] == place]


def _known_of(trial: Trial) -> Known:
    """One that was stopped half-way has no value, whatever it has told by then."""
    value = tuning_jobs.result_of(trial)
    over = trial["status"] in job_statuses.FINISHED
    return Known(trial["hyperparameters"], value, failed=over and value is None)


def _seed(record: Record, config: dict[str, Any]) -> int:
    given = config.get("RandomSeed")
    if given is not None:
        return int(given)
    whole = f"{record.document['arn']}/{record.created!r}"
    return int.from_bytes(hashlib.sha256(whole.encode()).digest()[:4])
