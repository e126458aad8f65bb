"""Callback steps: a message with a token goes to a queue, and the step waits for its answer.

The answer comes by SendPipelineExecutionStepSuccess or …Failure, which write it into the
execution under its token. An execution that is to stop waits for it too, as with SageMaker.
"""

import json
from typing import Any

from argosy.control.pipelines.outputs import output_parameters, typed
from argosy.control.pipelines.retrying import kind_of_error
from argosy.control.pipelines.run import Run
from argosy.ground.errors import ApiError
from argosy.ground.operations import Operations
from argosy.state import pipelines as state
from argosy.state.pipelines import StepState


class CallbackSteps:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def begin(self, run: Run, queue: str, arguments: dict[str, Any]) -> StepState:
        """The token is written down before anybody is told it: who is quick, or answers while
        control is started anew, finds it. It belongs to the attempt: a message that is sent twice
        means the same."""
        token = run.token[:10]
        return run.going_on(
            token=token,
            unsent=True,
            arguments=arguments,
            metadata={"Callback": {"CallbackToken": token, "SqsQueueUrl": queue}},
        )

    async def look(self, run: Run) -> StepState:
        if run.state.get("unsent"):
            return run.stopped() if run.stopping else await self._tell(run)
        answer = run.record.document.get("answers", {}).get(run.state["token"])
        if answer is None:
            return await self._stop(run) if run.stopping else run.state
        if answer.get("failure") is not None:
            return run.failed(answer["failure"] or "The callback step failed.")
        given = answer["outputs"]
        missing = [one.name for one in run.step.outputs if one.name not in given]
        if missing:
            return run.failed(f"ClientError: The answer lacks the outputs {', '.join(missing)}.")
        outputs = {one.name: typed(one, given[one.name]) for one in run.step.outputs}
        callback = {
            **run.state["metadata"]["Callback"],
            "OutputParameters": output_parameters(outputs),
        }
        return run.succeeded(
            properties={"OutputParameters": outputs}, metadata={"Callback": callback}
        )

    async def _tell(self, run: Run) -> StepState:
        try:
            await self._send(run, state.EXECUTING)
        except ApiError as error:
            return run.failed(_unsent(error), kind_of_error(error))
        return {name: value for name, value in run.state.items() if name != "unsent"}

    async def _stop(self, run: Run) -> StepState:
        """Who answers is told once that the execution is to stop, and answers then, too."""
        if run.state.get("stopping"):
            return run.state
        try:
            await self._send(run, state.STOPPING)
        except ApiError as error:
            return run.stopped(failure=_unsent(error))
        return run.going_on(status=state.STOPPING, stopping=True)

    async def _send(self, run: Run, status: str) -> None:
        message = {
            "token": run.state["token"],
            "pipelineExecutionArn": run.record.document["arn"],
            "status": status,
            "arguments": run.state.get("arguments", {}),
        }
        queue = run.state["metadata"]["Callback"]["SqsQueueUrl"]
        asked = {"QueueUrl": queue, "MessageBody": json.dumps(message)}
        await self._operations.call("sqs", "SendMessage", asked, run.asker)


def _unsent(error: ApiError) -> str:
    return f"ClientError: Failed to invoke sqs:SendMessage. Error Details: {error.message}"
