"""Inference recommendations jobs: what shall be loaded, written down; control does it.

Everything that is told was measured on this machine: instance types are labels, and there are no
prices.
"""

from typing import Any

from argosy.ground.errors import ResourceInUse, ResourceNotFound, ValidationException
from argosy.ground.names import new_deployment_id
from argosy.services.registry import Call, operation
from argosy.services.sagemaker import recommendation_rules as rules
from argosy.services.sagemaker.finding import ENDPOINT, MODEL, arn_of, find
from argosy.services.sagemaker.images import take_images
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.recommendation_view import description, step, summary
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state import recommendations as jobs
from argosy.state.endpoints import is_async, new_deployment
from argosy.state.recommendations import RECOMMENDATIONS_JOB, RecommendationsDocument, Test
from argosy.state.records import Record

_VARIANT = "AllTraffic"


@operation("sagemaker", "CreateInferenceRecommendationsJob")
def create_inference_recommendations_job(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["JobName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateInferenceRecommendationsJob", asked)
    rules.check_request(asked)
    arn, caller = arn_of(call, RECOMMENDATIONS_JOB, name), call.caller
    with call.records.transaction():
        if call.records.get_any_case(RECOMMENDATIONS_JOB, caller.account, caller.region, name):
            raise ResourceInUse(f"An inference recommendations job {name} exists already ({arn}).")
        tests = _tests(call, asked)
        document: RecommendationsDocument = {
            "name": name,
            "arn": arn,
            "asked": asked,
            "payload": rules.payload_of(asked)["SamplePayloadUrl"],
            "content_type": rules.content_type_of(asked),
            "goal": rules.goal_of(asked),
            "most": rules.most_of(asked),
            "seconds": rules.seconds_of(asked, len(tests)),
            "tests": tests,
            "failure_reason": "",
            "ended": None,
        }
        call.records.create(
            RECOMMENDATIONS_JOB,
            caller.account,
            caller.region,
            name,
            dict(document),
            now=call.clock.now(),
            status=jobs.PENDING,
        )
        set_tags(call, arn, tags)
    return {"JobArn": arn}


@operation("sagemaker", "DescribeInferenceRecommendationsJob")
def describe_inference_recommendations_job(call: Call) -> dict[str, Any]:
    return description(_found(call))


@operation("sagemaker", "ListInferenceRecommendationsJobs")
def list_inference_recommendations_jobs(call: Call) -> dict[str, Any]:
    page = page_of(call, RECOMMENDATIONS_JOB)
    wanted = call.input.get("ModelNameEquals")
    told = [summary(record) for record in page.records]
    told = [one for one in told if not wanted or one.get("ModelName") == wanted]
    if call.input.get("ModelPackageVersionArnEquals"):
        told = []
    return answer("InferenceRecommendationsJobs", told, page)


@operation("sagemaker", "ListInferenceRecommendationsJobSteps")
def list_inference_recommendations_job_steps(call: Call) -> dict[str, Any]:
    """All in one page: a job has ten tests at most."""
    record = _found(call)
    wanted = call.input.get("Status")
    steps = [step(record, test) for test in record.document["tests"]]
    return {"Steps": [one for one in steps if wanted in (None, one["Status"])]}


@operation("sagemaker", "StopInferenceRecommendationsJob")
def stop_inference_recommendations_job(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = _found(call)
        if record.status in jobs.FINISHED:
            raise ValidationException(f"The job {record.name} is {record.status} already.")
        if record.status != jobs.STOPPING:
            call.records.update(record, now=call.clock.now(), status=jobs.STOPPING)
    return {}


def _found(call: Call) -> Record:
    name = call.input["JobName"]
    record = call.records.get(RECOMMENDATIONS_JOB, call.caller.account, call.caller.region, name)
    if record is None:
        raise ResourceNotFound(f"Could not find an inference recommendations job named {name}.")
    return record


def _tests(call: Call, asked: dict[str, Any]) -> list[Test]:
    given = asked["InputConfig"]
    if given.get("Endpoints"):
        return [_of_endpoint(call, one["EndpointName"]) for one in given["Endpoints"]]
    model = find(call, MODEL, given["ModelName"]).document
    kinds = rules.instance_types(asked)
    return [_of_model(call, asked["JobName"], model, kind) for kind in kinds]


def _of_endpoint(call: Call, name: str) -> Test:
    live = find(call, ENDPOINT, name).document["live"]
    if live is None or is_async(live) or len(live["variants"]) != 1:
        raise ValidationException(
            f"Endpoint {name} cannot be tested: it must be in service, answer at once, and have "
            "one variant."
        )
    return _test(name, live["variants"][0]["name"], "", None)


def _of_model(call: Call, job: str, model: dict[str, Any], kind: str) -> Test:
    name = model["ModelName"]
    variant = {
        "VariantName": _VARIANT,
        "ModelName": name,
        "InstanceType": kind,
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    identity, config = new_deployment_id(), {"ProductionVariants": [variant]}
    deployment = new_deployment(identity, job, config, {name: model}, call.clock.now())
    take_images(call, deployment)
    return _test(f"{job[:40]}-{identity}", _VARIANT, kind, deployment)


def _test(endpoint: str, variant: str, kind: str, deployment: Any) -> Test:
    return {
        "endpoint": endpoint,
        "variant": variant,
        "deployment": deployment,
        "instance_type": kind,
        "status": jobs.PENDING,
        "reason": "",
    }
