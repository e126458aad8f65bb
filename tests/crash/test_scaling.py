"""kill -9 of control while it scales: what was begun is brought to its end."""

import os
import signal

from tests.support.endpoints import answers, classifier, deploy, load, model_archive, until
from tests.support.scaling import activities, until_instances, what

from argosy.testing import Platform

MODEL = classifier()


def test_a_scale_out_goes_on_when_control_is_killed_in_the_middle() -> None:
    with Platform() as platform:
        deploy(platform, "cut-off", model_archive(MODEL))
        control = platform.pids()["control"]

        with load(platform, "cut-off", MODEL, clients=2) as calls:
            platform.client("application-autoscaling").register_scalable_target(
                **what("cut-off"), MinCapacity=3, MaxCapacity=3
            )
            os.kill(control, signal.SIGKILL)
            until(lambda: platform.pids()["control"] not in (0, control))
            until(lambda: answers(platform))
            until_instances(platform, "cut-off", 3)
            until(lambda: activities(platform, "cut-off")[0]["StatusCode"] == "Successful")
            calls.more(20)

        (activity,) = activities(platform, "cut-off")

    assert calls.failures == []
    assert activity["Description"] == "Setting desired instance count to 3."
