"""What this version cannot do, as one table: members that would be accepted and then ignored.

Each line is a path into an operation's input ("[]" is any entry of a list), the values that ask
for the feature, and the feature's name for the error text. Whoever builds a feature deletes
its lines. Rules that always hold (duplicate names, …) stand with the operations, not here.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from argosy.ground.errors import ValidationException

Asks = Callable[[Any], bool]


class Refusal(NamedTuple):
    """Input at `path` for which `asks` holds is refused, because of `feature`."""

    path: str
    asks: Asks
    feature: str


def given(value: Any) -> bool:
    return value is not None


def filled(value: Any) -> bool:
    return bool(value)


def one_of(*values: str) -> Asks:
    return lambda value: value in values


def _https(url: Any) -> bool:
    return isinstance(url, str) and url.startswith("https:")


_CONTAINER = (
    Refusal("AdditionalModelDataSources", filled, "additional model data sources"),
    Refusal("ContainerMetricsConfig", filled, "metrics scraped from containers"),
    Refusal("ImageConfig.RepositoryAccessMode", one_of("Vpc"), "private image registries"),
    Refusal("ModelDataUrl", _https, "model data at an https URL (give an s3:// URI)"),
    Refusal(
        "ModelDataSource.S3DataSource.S3Uri",
        _https,
        "model data at an https URL (give an s3:// URI)",
    ),
    Refusal("ModelDataSource.S3DataSource.HubAccessConfig", given, "model hubs"),
    Refusal("ModelDataSource.S3DataSource.ManifestS3Uri", given, "manifests of model data"),
)

_VARIANT = (
    Refusal("ServerlessConfig", given, "serverless variants"),
    Refusal("InstancePools", filled, "instance pools"),
    Refusal("CoreDumpConfig", given, "core dumps"),
    Refusal("CapacityReservationConfig", given, "capacity reservations"),
    Refusal("AcceleratorPartitionLayouts", filled, "accelerator partitions"),
    Refusal(
        "RoutingConfig.RoutingStrategy",
        one_of("PREFIX_AWARE", "KV_AWARE"),
        "prefix-aware and KV-aware routing",
    ),
)

_COMPONENT = (
    Refusal("Specifications", filled, "components for several instance types"),
    Refusal("Specification.BaseInferenceComponentName", given, "adapter components"),
    Refusal("Specification.InstanceType", given, "components for several instance types"),
    Refusal("Specification.DataCacheConfig.EnableCaching", filled, "caches of model data"),
    Refusal(
        "Specification.Container.ArtifactUrl",
        _https,
        "model data at an https URL (give an s3:// URI)",
    ),
    Refusal("Specification.SchedulingConfig", given, "placement of copies"),
    Refusal(
        "Specification.Container.ContainerMetricsConfig", given, "metrics scraped from containers"
    ),
    Refusal(
        "Specification.ComputeResourceRequirements.AcceleratorPartitionType",
        given,
        "accelerator partitions",
    ),
)

_NOTEBOOK = (
    Refusal("AcceleratorTypes", filled, "accelerators of Elastic Inference"),
    Refusal("DefaultCodeRepository", filled, "code repositories"),
    Refusal("AdditionalCodeRepositories", filled, "code repositories"),
)

_SCRIPTS = "preprocessing scripts and postprocessing scripts of monitoring"
_ANALYSES = "monitoring of bias and explainability"
_ATTRIBUTES = "attributes of predictions in monitoring of data quality"


def _other_analysis(kind: Any) -> bool:
    return kind not in (None, "", "DATA_QUALITY", "MODEL_QUALITY")


_MONITOR = (
    Refusal("ContainerEntrypoint", filled, "programs of users in this image"),
    Refusal("ContainerArguments", filled, "programs of users in this image"),
    Refusal("RecordPreprocessorSourceUri", given, _SCRIPTS),
    Refusal("PostAnalyticsProcessorSourceUri", given, _SCRIPTS),
)
_BATCH = Refusal("BatchTransformInput", given, "monitoring of batch transform")
_MONITORED = (
    _BATCH,
    Refusal("EndpointInput.FeaturesAttribute", given, _ATTRIBUTES),
    Refusal("EndpointInput.InferenceAttribute", given, _ATTRIBUTES),
    Refusal("EndpointInput.ProbabilityAttribute", given, _ATTRIBUTES),
    Refusal("EndpointInput.ProbabilityThresholdAttribute", given, _ATTRIBUTES),
)
_INLINE = "MonitoringScheduleConfig.MonitoringJobDefinition"
_SCHEDULE = (
    Refusal(
        "MonitoringScheduleConfig.MonitoringType",
        one_of("ModelBias", "ModelExplainability"),
        _ANALYSES,
    ),
    *(line._replace(path=f"{_INLINE}.MonitoringAppSpecification.{line.path}") for line in _MONITOR),
    *(line._replace(path=f"{_INLINE}.MonitoringInputs[].{line.path}") for line in _MONITORED),
)

_INPUT = "ProcessingInputs[].S3Input"
ANALYSIS = (
    Refusal("AppSpecification.ContainerEntrypoint", filled, "programs of users in this image"),
    Refusal("AppSpecification.ContainerArguments", filled, "programs of users in this image"),
    Refusal(f"{_INPUT}.S3DataType", one_of("ManifestFile"), "manifests in this image"),
    Refusal(f"{_INPUT}.S3InputMode", one_of("Pipe"), "Pipe mode in this image"),
    Refusal(
        f"{_INPUT}.S3CompressionType",
        one_of("Gzip"),
        "unpacking of inputs in this image (what is named .gz is read as such)",
    ),
    Refusal("Environment.record_preprocessor_script", filled, _SCRIPTS),
    Refusal("Environment.post_analytics_processor_script", filled, _SCRIPTS),
    Refusal("Environment.analysis_type", _other_analysis, _ANALYSES),
)
"""Of a processing job whose image is Model Monitor's own."""

_DEBUGGER = "SageMaker Debugger"
_TRAINING = (
    Refusal("AlgorithmSpecification.AlgorithmName", given, "algorithms of the Marketplace"),
    Refusal(
        "AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAccessMode",
        one_of("Vpc"),
        "private image registries",
    ),
    Refusal("InputDataConfig[].DataSource.FileSystemDataSource", given, "file systems as input"),
    Refusal("InputDataConfig[].DataSource.DatasetSource", given, "data sets as input"),
    Refusal(
        "InputDataConfig[].DataSource.S3DataSource.S3DataType", one_of("Converse"), "Converse data"
    ),
    Refusal("InputDataConfig[].DataSource.S3DataSource.HubAccessConfig", given, "model hubs"),
    Refusal("ResourceConfig.TrainingPlanArn", given, "training plans"),
    Refusal("ResourceConfig.InstancePlacementConfig", given, "placement of instances"),
    Refusal("ResourceConfig.InstancePreferences", filled, "preferences among instance types"),
    Refusal("DebugHookConfig.CollectionConfigurations", filled, _DEBUGGER),
    Refusal("DebugHookConfig.HookParameters", filled, _DEBUGGER),
    Refusal("DebugRuleConfigurations", filled, _DEBUGGER),
    Refusal("ProfilerConfig.ProfilingParameters", filled, _DEBUGGER),
    Refusal("ProfilerRuleConfigurations", filled, _DEBUGGER),
    Refusal("ExperimentConfig", filled, "experiments"),
    Refusal("RemoteDebugConfig.EnableRemoteDebug", filled, "remote debugging"),
    Refusal("InfraCheckConfig.EnableInfraCheck", filled, "checks of the infrastructure"),
    Refusal("SessionChainingConfig.EnableSessionTagChaining", filled, "tags of sessions"),
    Refusal("ServerlessJobConfig", given, "serverless training"),
    Refusal("MlflowConfig", given, "MLflow apps"),
    Refusal("ModelPackageConfig", given, "model packages as the output of a training job"),
)
_TRAINING_UPDATES = (
    "ProfilerConfig.ProfilingParameters",
    "ProfilerRuleConfigurations",
    "RemoteDebugConfig.EnableRemoteDebug",
)


_TABLE: dict[str, tuple[Refusal, ...]] = {
    "CreateModel": (
        *(line._replace(path=f"PrimaryContainer.{line.path}") for line in _CONTAINER),
        *(line._replace(path=f"Containers[].{line.path}") for line in _CONTAINER),
    ),
    "CreateEndpointConfig": (
        Refusal("ExplainerConfig", given, "explainers"),
        Refusal("CrossRegionTrafficConfig", given, "traffic to other regions"),
        Refusal("MetricsConfig.EnableEnhancedMetrics", filled, "enhanced metrics"),
        Refusal("MetricsConfig.EnableDetailedObservability", filled, "enhanced metrics"),
        *(line._replace(path=f"ProductionVariants[].{line.path}") for line in _VARIANT),
        *(line._replace(path=f"ShadowProductionVariants[].{line.path}") for line in _VARIANT),
    ),
    "CreateInferenceRecommendationsJob": (
        Refusal("InputConfig.ModelPackageVersionArn", filled, "model packages"),
        Refusal("InputConfig.TrafficPattern", given, "traffic patterns: the rate is searched for"),
        Refusal("InputConfig.VolumeKmsKeyId", filled, "keys of KMS"),
        Refusal("InputConfig.VpcConfig", given, "VPCs"),
        *(
            Refusal(f"InputConfig.EndpointConfigurations[].{member}", given, feature)
            for member, feature in (
                ("ServerlessConfig", "serverless variants"),
                ("InferenceSpecificationName", "inference specifications"),
                ("EnvironmentParameterRanges", "trials of environment variables"),
            )
        ),
        Refusal("InputConfig.ContainerConfig.DataInputConfig", filled, "compiled models"),
        Refusal(
            "InputConfig.ContainerConfig.SupportedEndpointType",
            one_of("Serverless"),
            "serverless variants",
        ),
        Refusal("StoppingConditions.FlatInvocations", one_of("Continue"), "going on when flat"),
        Refusal("OutputConfig.KmsKeyId", filled, "keys of KMS"),
        Refusal("OutputConfig.CompiledOutputConfig", given, "compiled models"),
    ),
    "CreateTransformJob": (Refusal("ExperimentConfig", filled, "experiments"),),
    "CreateTrainingJob": _TRAINING,
    "ListTrainingJobs": (Refusal("TrainingPlanArnEquals", given, "training plans"),),
    "UpdateTrainingJob": tuple(line for line in _TRAINING if line.path in _TRAINING_UPDATES),
    "CreateNotebookInstance": (
        Refusal("KmsKeyId", filled, "keys of KMS"),
        Refusal("SubnetId", filled, "VPCs"),
        Refusal("SecurityGroupIds", filled, "VPCs"),
        Refusal("DirectInternetAccess", one_of("Disabled"), "machines without the network"),
        *_NOTEBOOK,
    ),
    "UpdateNotebookInstance": _NOTEBOOK,
    "ListNotebookInstances": (
        Refusal("DefaultCodeRepositoryContains", filled, "code repositories"),
        Refusal("AdditionalCodeRepositoryEquals", filled, "code repositories"),
    ),
    "CreateProcessingJob": (
        Refusal("ExperimentConfig", filled, "experiments"),
        Refusal("ProcessingInputs[].DatasetDefinition", given, "Athena and Redshift as inputs"),
        Refusal("ProcessingOutputConfig.Outputs[].FeatureStoreOutput", given, "feature stores"),
        Refusal(
            "ProcessingResources.ClusterConfig.InstancePreferences",
            filled,
            "preferences among instance types",
        ),
    ),
    "CreateDataQualityJobDefinition": (
        *(line._replace(path=f"DataQualityAppSpecification.{line.path}") for line in _MONITOR),
        *(line._replace(path=f"DataQualityJobInput.{line.path}") for line in _MONITORED),
    ),
    "CreateModelQualityJobDefinition": (
        *(line._replace(path=f"ModelQualityAppSpecification.{line.path}") for line in _MONITOR),
        _BATCH._replace(path=f"ModelQualityJobInput.{_BATCH.path}"),
    ),
    "CreateMonitoringSchedule": _SCHEDULE,
    "UpdateMonitoringSchedule": _SCHEDULE,
    "CreateInferenceComponent": _COMPONENT,
    "UpdateInferenceComponent": _COMPONENT,
    "UpdateEndpointWeightsAndCapacities": (
        Refusal(
            "DesiredWeightsAndCapacities[].ServerlessUpdateConfig", given, "serverless variants"
        ),
    ),
}


def refuse_unsupported(operation: str, asked: dict[str, Any]) -> None:
    """Raise ValidationException, naming the member, when `asked` needs a missing feature."""
    refuse(_TABLE.get(operation, ()), asked)


def refuse(lines: Iterable[Refusal], asked: dict[str, Any]) -> None:
    """The same for lines of one's own."""
    for path, asks, feature in lines:
        for place, value in _at(asked, path.split(".")):
            if asks(value):
                raise ValidationException(f"{place}: this version does not support {feature}.")


def _at(value: dict[str, Any], steps: list[str], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every (place, value) that the path leads to; nothing where a member above it is absent."""
    name, rest = steps[0].removesuffix("[]"), steps[1:]
    here = f"{place}.{name}" if place else name
    below = value.get(name)
    if not rest:
        yield here, below
    elif steps[0].endswith("[]"):
        for index, entry in enumerate(below or ()):
            yield from _at(entry, rest, f"{here}[{index}]")
    elif below is not None:
        yield from _at(below, rest, here)
