"""Lambda steps: a function is called with the step's arguments, and its answer is the outputs.

A call runs beside the reconciler. One that control was killed in is made once more.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from argosy.control.pipelines.outputs import output_parameters
from argosy.control.pipelines.retrying import kind_of_error
from argosy.control.pipelines.run import Run
from argosy.ground.errors import ApiError
from argosy.ground.operations import Operations
from argosy.state.pipelines import StepState

LONGEST_S = 600.0
"""SageMaker's limit for a Lambda step."""
Key = tuple[str, str, int]


class FunctionSteps:
    """`ring` is called when a function has answered."""

    def __init__(self, operations: Operations, ring: Callable[[], None]) -> None:
        self._operations, self._ring = operations, ring
        self._calls: dict[Key, asyncio.Task[dict[str, Any]]] = {}

    def begin(self, run: Run, arn: str, arguments: dict[str, Any]) -> StepState:
        task = asyncio.get_running_loop().create_task(self._call(run, arn, arguments))
        task.add_done_callback(lambda _: self._ring())
        self._calls[_key(run)] = task
        return run.going_on(arn=arn, metadata={"Lambda": {"Arn": arn}})

    def running(self, run: Run) -> bool:
        """Whether this control has made the call."""
        return _key(run) in self._calls

    def look(self, run: Run) -> StepState:
        """What has become of a call that is `running`."""
        task = self._calls[_key(run)]
        if not task.done():
            return run.state
        del self._calls[_key(run)]
        try:
            return _answered(run, task.result())
        except ApiError as error:
            reason = f"ClientError: Failed to invoke lambda:Invoke. Error Details: {error.message}"
            return run.failed(reason, kind_of_error(error))
        except TimeoutError:
            return run.failed(f"The function did not answer within {LONGEST_S:.0f} seconds.")

    async def stop(self) -> None:
        """Give up all calls; they are made again after the next start."""
        calls = list(self._calls.values())
        self._calls.clear()
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def _call(self, run: Run, arn: str, arguments: dict[str, Any]) -> dict[str, Any]:
        asked = {
            "FunctionName": arn,
            "InvocationType": "RequestResponse",
            "Payload": json.dumps(arguments).encode(),
        }
        async with asyncio.timeout(LONGEST_S):
            return await self._operations.call("lambda", "Invoke", asked, run.asker)


def _answered(run: Run, answer: dict[str, Any]) -> StepState:
    """The step's end by a function's answer."""
    payload = bytes(answer.get("Payload") or b"null")
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        value = None
    if answer.get("FunctionError"):
        told = value.get("errorMessage") if isinstance(value, dict) else None
        return run.failed(f"ClientError: Lambda function failed: {told or answer['FunctionError']}")
    missing = [
        output.name
        for output in run.step.outputs
        if not isinstance(value, dict) or output.name not in value
    ]
    if missing:
        return run.failed(
            f"ClientError: The function's answer lacks the outputs {', '.join(missing)}."
        )
    outputs = {output.name: value[output.name] for output in run.step.outputs}
    told = {"Arn": run.state["arn"], "OutputParameters": output_parameters(outputs)}
    return run.succeeded(properties={"OutputParameters": outputs}, metadata={"Lambda": told})


def _key(run: Run) -> Key:
    return run.record.document["arn"], run.step.name, run.attempt
