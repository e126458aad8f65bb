"""What `argosy status` is told of what acts by itself, from records as they are kept."""

from pathlib import Path

from argosy.control import unattended
from argosy.state.database import open_database
from argosy.state.event_timers import Timer, Timers
from argosy.state.records import Records

HERE = ("000000000000", "us-east-1")


def test_functions_schedules_and_what_is_under_way_are_told(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "argosy.db")
    records = Records(engine)
    asked = {
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 5}},
    }
    trials = [{"status": "Completed"}, {"status": "InProgress"}]
    search = {"asked": asked, "trials": trials}
    rule = {"bus": "default", "name": "nightly", "schedule": "rate(1 day)"}
    at_night = {"ScheduleExpression": "cron(0 3 * * ? *)"}
    records.create(
        "hyper-parameter-tuning-job", *HERE, "search", search, now=1, status="InProgress"
    )
    records.create("hyper-parameter-tuning-job", *HERE, "over", search, now=1, status="Completed")
    execution = {"pipeline": "weekly", "id": "e1"}
    records.create("pipeline-execution", *HERE, "weekly/e1", execution, now=2, status="Executing")
    records.create("function", *HERE, "plus", {"config": {"Runtime": "python3.12"}}, now=3)
    records.create("rule", *HERE, "default/nightly", rule, now=4, status="ENABLED")
    records.create("rule", *HERE, "default/listens", {**rule, "schedule": ""}, now=4)
    records.create("schedule", *HERE, "default/off", at_night, now=5, status="DISABLED")
    arn = "arn:aws:events:us-east-1:000000000000:rule/nightly"
    Timers(records.transactions).put(Timer(arn, "rule", *HERE, "default/nightly", 90.0, 90.0))

    told = unattended.report(records, now=11.0)
    engine.dispose()

    [tuning], [running], [function] = told["tunings"], told["executions"], told["functions"]
    assert (tuning["trials_ended"], tuning["trials_most"], tuning["seconds"]) == (1, 5, 10.0)
    assert (running["name"], running["seconds"]) == ("weekly", 9.0)
    assert (function["name"], function["runtime"]) == ("plus", "python3.12")
    assert [(one["name"], one["status"], one["next"]) for one in told["schedules"]] == [
        ("nightly", "ENABLED", 90.0),
        ("off", "DISABLED", None),
    ]
