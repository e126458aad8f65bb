"""What `argosy monitor` makes of runs and files."""

from argosy.cli.monitor_page import page

REPORT = {
    "endpoint": "iris<1>",
    "schedules": [
        {
            "name": "watch",
            "status": "Scheduled",
            "expression": "cron(0 * ? * * *)",
            "reason": "",
            "runs": [{"scheduled": "2026-03-04T15:00", "status": "Completed", "reason": ""}],
            "violations": [
                {
                    "feature_name": "a",
                    "constraint_check_type": "baseline_drift_check",
                    "description": "far > near",
                }
            ],
            "statistics": {
                "features": [
                    {
                        "name": "a",
                        "inferred_type": "Integral",
                        "numerical_statistics": {
                            "common": {"num_present": 4, "num_missing": 2},
                            "mean": 2.5,
                            "std_dev": 1.0,
                            "distribution": {
                                "kll": {
                                    "buckets": [
                                        {"lower_bound": 0.0, "upper_bound": 1.0, "count": 3.0},
                                        {"lower_bound": 1.0, "upper_bound": 2.0, "count": 1.0},
                                    ]
                                }
                            },
                        },
                    },
                    {"name": "b", "inferred_type": "Unknown"},
                ]
            },
        },
        {
            "name": "young",
            "status": "Pending",
            "expression": "",
            "reason": "",
            "runs": [],
            "violations": [],
            "statistics": {},
        },
    ],
}


def test_the_page_shows_violations_and_a_bar_for_each_bucket() -> None:
    html = page(REPORT)
    assert "iris&lt;1&gt;" in html
    assert "far &gt; near" in html
    assert html.count("<rect") == 2
    assert 'class="bad"><td>a' in html
    assert "No violations." in html
