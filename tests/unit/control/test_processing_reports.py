"""What `argosy status` is told of processing jobs."""

from pathlib import Path

from argosy.control.processing.reports import reports
from argosy.state.database import open_database
from argosy.state.processing_jobs import PROCESSING_JOB, new_job
from argosy.state.records import Records

ASKED = {"ProcessingResources": {"ClusterConfig": {"InstanceCount": 2}}}


def test_jobs_under_way_are_told_with_how_long_they_run_and_those_that_are_over_are_not(
    tmp_path: Path,
) -> None:
    database = open_database(tmp_path / "a.db")
    records = Records(database)
    for name, status, started in (
        ("waits", "InProgress", None),
        ("runs", "Stopping", 60.0),
        ("over", "Completed", 60.0),
    ):
        document = {**new_job(name, f"arn:{name}", ASKED), "started": started}
        records.create(PROCESSING_JOB, "0", "r", name, document, now=50.0, status=status)

    told = {one["name"]: one for one in reports(records, now=101.5)}
    database.dispose()

    assert set(told) == {"waits", "runs"}
    assert (told["waits"]["seconds"], told["waits"]["instances"]) == (0.0, 2)
    assert (told["runs"]["seconds"], told["runs"]["status"]) == (41.5, "Stopping")
