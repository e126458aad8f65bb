"""The processing job of one run of a monitoring schedule. Pure.

Source: the developer guide on the container's contract, and what DescribeProcessingJob shows of
monitoring jobs: names of inputs, paths and variables.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from argosy.state.endpoints import Deployment

_BASE = "/opt/ml/processing"
_FOLDERS = {
    "constraints": f"{_BASE}/baseline/constraints",
    "statistics": f"{_BASE}/baseline/stats",
}
_TRUTH = f"{_BASE}/groundtruth"
_CAPTURED = {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}
_DEFAULT_RUNTIME_S = 3600


class CannotRun(Exception):
    """The run fails; the sentence is its failure reason."""


@dataclass(frozen=True)
class Definition:
    """A job definition, given by name or within its schedule."""

    image: str
    environment: dict[str, str]
    endpoint_input: dict[str, Any]
    output: dict[str, Any]
    cluster: dict[str, Any]
    role: str
    constraints: str
    statistics: str
    baselining_job: str
    most_seconds: int
    network: dict[str, Any] | None
    problem: str = ""
    """Given for model quality."""
    ground_truth: str = ""
    """Where its truth lies."""


def named(asked: dict[str, Any], kind: str) -> Definition:
    """From the Create…JobDefinition members of that MonitoringType."""
    app, given = asked[f"{kind}AppSpecification"], asked[f"{kind}JobInput"]
    definition = _definition(
        asked,
        app,
        app.get("Environment"),
        given["EndpointInput"],
        asked[f"{kind}JobOutputConfig"],
        asked["JobResources"],
        asked.get(f"{kind}BaselineConfig"),
    )
    truth = (given.get("GroundTruthS3Input") or {}).get("S3Uri") or ""
    return replace(definition, problem=app.get("ProblemType") or "", ground_truth=truth)


def inline(asked: dict[str, Any]) -> Definition:
    """From a MonitoringJobDefinition."""
    return _definition(
        asked,
        asked["MonitoringAppSpecification"],
        asked.get("Environment"),
        asked["MonitoringInputs"][0]["EndpointInput"],
        asked["MonitoringOutputConfig"],
        asked["MonitoringResources"],
        asked.get("BaselineConfig"),
    )


def _definition(
    asked: dict[str, Any],
    app: dict[str, Any],
    environment: dict[str, str] | None,
    endpoint_input: dict[str, Any],
    output: dict[str, Any],
    resources: dict[str, Any],
    baseline: dict[str, Any] | None,
) -> Definition:
    baseline = baseline or {}
    return Definition(
        image=app["ImageUri"],
        environment=dict(environment or {}),
        endpoint_input=endpoint_input,
        output=output,
        cluster=resources["ClusterConfig"],
        role=asked["RoleArn"],
        constraints=(baseline.get("ConstraintsResource") or {}).get("S3Uri") or "",
        statistics=(baseline.get("StatisticsResource") or {}).get("S3Uri") or "",
        baselining_job=baseline.get("BaseliningJobName") or "",
        most_seconds=int(
            (asked.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds") or _DEFAULT_RUNTIME_S
        ),
        network=asked.get("NetworkConfig"),
    )


def captured_under(endpoint: str, deployment: Deployment | None) -> list[str]:
    """Where an endpoint's data is captured, a prefix for each variant. Raises CannotRun."""
    config = deployment["config"] if deployment else {}
    capture = config.get("DataCaptureConfig")
    if not capture or capture.get("EnableCapture") is False:
        raise CannotRun(f"Data capture is not enabled for endpoint {endpoint}.")
    place = capture["DestinationS3Uri"].rstrip("/")
    names = [variant["VariantName"] for variant in config["ProductionVariants"]]
    return [f"{place}/{endpoint}/{name}" for name in names]


def hour_prefix(prefix: str, hour: datetime) -> str:
    return f"{prefix}/{hour:%Y/%m/%d/%H}"


def no_data(prefix: str, region: str, role: str) -> str:
    """The reason when nothing was captured."""
    bucket = prefix.removeprefix("s3://").partition("/")[0]
    return (
        f'No S3 objects found under S3 URL "{prefix}" given in input data source. Please ensure '
        f"that the bucket exists in the selected region ({region}), that objects exist under that "
        f'S3 prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket '
        f'"{bucket}".'
    )


def job_name(schedule_arn: str, created: float, scheduled: float) -> str:
    """Always the same for a run of a schedule."""
    seed = f"{schedule_arn} {created!r} {scheduled!r}"
    digest = hashlib.sha256(seed.encode()).hexdigest()[:24]
    return f"model-monitoring-{datetime.fromtimestamp(scheduled, UTC):%Y%m%d%H%M}-{digest}"


def request(
    definition: Definition,
    schedule: str,
    endpoint: str,
    sources: Sequence[str],
    window: tuple[float, float],
    scheduled: float,
    baseline: dict[str, str],
) -> dict[str, Any]:
    """The CreateProcessingJob members. `baseline`: "constraints" and "statistics" → S3 URI."""
    at = datetime.fromtimestamp(scheduled, UTC)
    output = definition.output["MonitoringOutputs"][0]["S3Output"]
    place = f"{output['S3Uri'].rstrip('/')}/{endpoint}/{schedule}/{at:%Y/%m/%d/%H}"
    given = {kind: uri for kind, uri in baseline.items() if uri}
    members: dict[str, Any] = {
        "ProcessingInputs": _inputs(definition, sources, given),
        "ProcessingOutputConfig": {
            "Outputs": [_output(output, place)],
            "KmsKeyId": definition.output.get("KmsKeyId") or "",
        },
        "ProcessingResources": {"ClusterConfig": definition.cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": definition.most_seconds},
        "AppSpecification": {"ImageUri": definition.image},
        "Environment": {
            **_analysis(definition, given, output["LocalPath"]),
            "start_time": _iso(window[0]),
            "end_time": _iso(window[1]),
            "metric_time": _iso(scheduled),
            "sagemaker_endpoint_name": endpoint,
            "sagemaker_monitoring_schedule_name": schedule,
        },
        "RoleArn": definition.role,
    }
    return members | ({"NetworkConfig": definition.network} if definition.network else {})


def _inputs(
    definition: Definition, sources: Sequence[str], baseline: dict[str, str]
) -> list[dict[str, Any]]:
    source = _source(definition)
    many = len(sources) > 1
    inputs = [
        _input(f"endpoint_input_{number}", uri, f"{source}/{number}" if many else source)
        for number, uri in enumerate(sources, 1)
    ]
    if definition.ground_truth:
        inputs.append(_input("groundtruth_input_1", definition.ground_truth, _TRUTH))
    return inputs + [_input(kind, uri, _FOLDERS[kind]) for kind, uri in baseline.items()]


def _output(output: dict[str, Any], place: str) -> dict[str, Any]:
    return {
        "OutputName": "monitoring_output",
        "S3Output": {
            "S3Uri": place,
            "LocalPath": output["LocalPath"],
            "S3UploadMode": output.get("S3UploadMode") or "Continuous",
        },
        "AppManaged": False,
    }


def _analysis(definition: Definition, baseline: dict[str, str], output_path: str) -> dict[str, str]:
    """What the analyzer reads from its environment, but for which run it is."""
    excluded = definition.endpoint_input.get("ExcludeFeaturesAttribute")
    return {
        "publish_cloudwatch_metrics": "Enabled",
        **definition.environment,
        **{f"baseline_{kind}": _file(_FOLDERS[kind], uri) for kind, uri in baseline.items()},
        "dataset_format": json.dumps(_CAPTURED),
        "dataset_source": _source(definition),
        "output_path": output_path,
        **(_quality(definition) if definition.ground_truth else {}),
        **({"exclude_features_attribute": excluded} if excluded else {}),
    }


def _source(definition: Definition) -> str:
    """Where the captured data lies inside the job."""
    return str(definition.endpoint_input["LocalPath"]).rstrip("/")


def _quality(definition: Definition) -> dict[str, str]:
    given = definition.endpoint_input
    attributes = {
        "inference_attribute": given.get("InferenceAttribute"),
        "probability_attribute": given.get("ProbabilityAttribute"),
        "probability_threshold_attribute": given.get("ProbabilityThresholdAttribute"),
    }
    return {
        "analysis_type": "MODEL_QUALITY",
        "problem_type": definition.problem,
        "ground_truth_source": _TRUTH,
        **{name: str(value) for name, value in attributes.items() if value is not None},
    }


def _input(name: str, uri: str, folder: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": folder,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        },
    }


def _file(folder: str, uri: str) -> str:
    return f"{folder}/{uri.rpartition('/')[2]}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
