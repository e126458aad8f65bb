"""Every setting of the platform, each with its meaning; `argosy up` turns flags into these.

A setting is read from its ARGOSY_… variable too, and that is how the supervisor hands the
settings on to edge, control and agents. docs/settings.md is generated from this file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from argosy.ground.errors import ArgosyError
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


def _half_the_cores() -> int:
    return max(1, len(os.sched_getaffinity(0)) // 2)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The platform's settings; immutable, passed to every process by its environment."""

    data_dir: str = _setting("~/.argosy", "Folder that holds all state.")
    host: str = _setting("127.0.0.1", "Address the public port listens on.")
    port: int = _setting(8790, "Public port; every service answers on it.")
    region: str = _setting(DEFAULT_REGION, "Region that clients are told to use.")
    account_id: str = _setting(DEFAULT_ACCOUNT, "AWS account id of the root key.")
    allow_reset: bool = _setting(False, "Serve POST /_argosy/reset, which removes everything.")
    insecure: bool = _setting(False, "Allow plain HTTP on an address other than loopback.")
    tls_cert: str = _setting("", "PEM file with the certificate chain of the public port.")
    tls_key: str = _setting("", "PEM file with its private key.")
    edges: int = _setting(0, "Edge processes; 0 means half the cores, at least one.")
    max_payload_mb: int = _setting(25, "Largest request and response body of an invocation, MiB.")
    model_timeout_s: float = _setting(60.0, "Seconds a model may take to answer an invocation.")
    max_in_flight: int = _setting(1024, "Requests one edge keeps waiting on one instance.")
    edge_buffer_mb: int = _setting(512, "Request bodies one edge holds at once, MiB; then 503.")
    hold_requests: int = _setting(
        1024, "Requests one edge holds for a variant that is being started from no instance."
    )
    hold_timeout_s: float = _setting(60.0, "Seconds a request waits for such a variant; then 429.")
    shadow_in_flight: int = _setting(
        256, "Copies of requests one edge keeps waiting on one instance of a shadow variant."
    )
    shadow_buffer_mb: int = _setting(64, "Copies for shadow variants one edge holds at once, MiB.")
    capture_delay_s: float = _setting(
        30.0, "Seconds after which captured requests and answers are uploaded, about."
    )
    capture_buffer_mb: int = _setting(
        64, "Captured requests one edge holds until they are on disk, MiB; others are left out."
    )
    capture_spool_mb: int = _setting(
        1024, "Captured requests that wait on disk to be uploaded, MiB; others are left out."
    )
    capture_free_mb: int = _setting(1024, "Free disk below which nothing is captured, MiB.")
    ping_interval_s: float = _setting(1.0, "Seconds between an agent's pings of its model.")
    startup_timeout_s: float = _setting(240.0, "Seconds a model may take to load.")
    download_timeout_s: float = _setting(600.0, "Seconds fetching and unpacking may take.")
    drain_timeout_s: float = _setting(65.0, "Seconds a leaving instance may finish its requests.")
    max_artifact_gb: float = _setting(20.0, "Largest unpacked model archive, GiB.")
    max_image_gb: float = _setting(50.0, "Largest unpacked image of the registry, GiB.")
    wheels: str = _setting(
        "", "Folder of wheels that models' requirements come from, and no index."
    )
    max_environment_gb: float = _setting(10.0, "Largest set of packages of one model, GiB.")
    environments_gb: float = _setting(20.0, "Unused sets of packages that are kept, GiB.")
    environment_idle_s: float = _setting(604800.0, "Seconds an unused set of packages is kept.")
    container_engine: str = _setting(
        "",
        "Unix socket of docker or podman, to run images that are not in the registry here, and "
        "functions that are images.",
    )
    container_pull: str = _setting(
        "missing", "always, missing or never: when the container engine is to pull an image."
    )
    instance_memory_mb: int = _setting(0, "Memory limit of one model worker, MiB; 0 means none.")
    multi_model_memory_mb: int = _setting(
        0,
        "Memory of all loaded models of one multi-model instance together, MiB, what they share "
        "included; 0 means instance_memory_mb, or a quarter of the machine's where that is 0.",
    )
    multi_model_disk_gb: float = _setting(
        20.0, "Unpacked models one multi-model instance keeps on disk, GiB; unloaded ones go first."
    )
    multi_model_load_timeout_s: float = _setting(
        360.0, "Seconds a model of a multi-model endpoint may take to be fetched and loaded."
    )
    multi_model_refresh_s: float = _setting(
        0.0,
        "Seconds after which a loaded model of a multi-model endpoint is compared with its object "
        "in S3, and loaded anew if that was replaced; 0 means only when it is loaded again.",
    )
    sandbox: str = _setting("auto", "auto, require or off: run models under bubblewrap.")
    spares: int = _setting(1, "Warm workers kept per runtime once that runtime is in use.")
    spare_idle_s: float = _setting(900.0, "Seconds after which an unused warm worker is let go.")
    function_concurrency: int = _setting(
        1000, "Invocations of functions that may run at once, in all; more are answered 429."
    )
    function_memory_mb: int = _setting(
        0, "Memory of all environments of functions together, MiB; 0 means half of the machine's."
    )
    function_idle_s: float = _setting(
        300.0, "Seconds after which an unused environment of a function is ended."
    )
    function_spares: int = _setting(
        1, "Warm Python processes kept for the next start of a function, once there is one."
    )
    scaling_period: float = _setting(
        60.0,
        "Length in seconds of one period of the scaling rules, 1 to 60: how often metrics of "
        "endpoints are published and scaling policies are asked.",
    )
    hub_downloads: bool = _setting(
        False, "Let models be fetched from the Hugging Face hub (HF_MODEL_ID)."
    )
    metrics_open: bool = _setting(
        False, "Answer GET /metrics without its token; only where the public port is on loopback."
    )
    monitor_delay_s: float = _setting(
        120.0,
        "Seconds after the time of a monitoring schedule until its data is analysed; captured data "
        "takes about a minute to S3.",
    )
    monitor_memory_mb: int = _setting(
        2048, "Memory of one analysis of model monitoring, MiB; 0 means no limit."
    )
    job_stop_s: float = _setting(
        120.0, "Seconds that a job's algorithm has from SIGTERM until it is killed."
    )
    job_instances: int = _setting(
        8, "Instances of training jobs that run at once, and as many of processing jobs."
    )
    job_processes: int = _setting(
        4096, "Processes that an instance of a job, or a machine, may have at once."
    )
    lifecycle_timeout_s: float = _setting(
        300.0, "Seconds each lifecycle script of a notebook instance may take."
    )
    machine_grace_s: float = _setting(
        10.0, "Seconds the processes of a machine that is stopped have to end by themselves."
    )
    metrics_mb: int = _setting(2048, "Metrics kept, MiB; beyond that the oldest go first.")
    metric_series: int = _setting(
        20_000, "Metrics of one account: different names and dimensions that are kept."
    )
    log_stream_mb: int = _setting(32, "Bytes kept per log stream, MiB; the oldest go first.")
    log_group_mb: int = _setting(1024, "Bytes kept per log group, MiB; the oldest go first.")
    log_total_gb: float = _setting(4.0, "Bytes of all logs together, GiB; the oldest go first.")
    log_idle_days: float = _setting(
        30.0, "Days the logs of instances and jobs that are gone are kept at most."
    )
    otlp_endpoint: str = _setting(
        "",
        "URL of an OpenTelemetry collector (OTLP over HTTP) that traces go to; without it, "
        "OTEL_EXPORTER_OTLP_ENDPOINT. Needs argosy[otel].",
    )
    otlp_sampling: float = _setting(
        0.1, "Share of requests that are traced, 0 to 1, where the client has not decided."
    )
    s3_endpoint: str = _setting("", "URL of an external S3; empty means the built-in store.")
    s3_access_key_id: str = _setting("", "Access key for the external S3.")
    s3_secret_access_key: str = _setting("", "Secret key for the external S3.")
    s3_region: str = _setting(DEFAULT_REGION, "Region to sign for at the external S3.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Settings from ARGOSY_… variables; raises ArgosyError naming a variable that is wrong."""
        environment = os.environ if environment is None else environment
        given = {
            f.name: _parse(f.name, f.type, environment[variable(f.name)])
            for f in fields(cls)
            if variable(f.name) in environment
        }
        return cls(**given)

    def to_environment(self) -> dict[str, str]:
        """The variables from which `from_environment` makes these settings again."""
        return {variable(f.name): _render(getattr(self, f.name)) for f in fields(self)}

    @property
    def edge_count(self) -> int:
        return self.edges or _half_the_cores()


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return "ARGOSY_" + name.upper()


def _render(value: Any) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else str(value)


def _parse(name: str, kind: Any, text: str) -> Any:
    kind = {"str": str, "int": int, "float": float, "bool": bool}.get(kind, kind)
    try:
        if kind is bool:
            return {"1": True, "true": True, "0": False, "false": False, "": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise ArgosyError(f"{variable(name)}={text!r} is not a {kind.__name__}") from None
