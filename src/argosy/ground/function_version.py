"""One version of a function of Lambda, as plain data: what an engine needs to run it.

It knows nothing of aliases, permissions or triggers: whoever asks has chosen the version.
"""

from dataclasses import dataclass, field
from typing import Any

LATEST = "$LATEST"


def function_arn(region: str, account: str, name: str, qualifier: str = "") -> str:
    """ARN of a function, or of its version or alias."""
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


@dataclass(frozen=True)
class FunctionVersion:
    """A version that can be invoked, with everything that was said of it."""

    account: str
    region: str
    name: str
    version: str
    """ "$LATEST", or a number as text."""
    arn: str
    """Of the function, without qualifier."""
    invoked_arn: str
    """As the caller named it: with the alias or version, if one was given."""
    revision: str
    """Another one whenever code or configuration is another: environments are kept by it."""
    code_sha256: str
    """Hex digest of the zip; its unpacked tree is the folder `DataDir.function_code(digest)`."""
    layers: tuple[str, ...]
    """Digests of layers' zips, lowest first; unpacked likewise."""
    handler: str
    runtime: str
    """ "python3.12", "provided.al2023", …; "" for an image."""
    timeout_s: int
    memory_mb: int
    ephemeral_mb: int
    role: str
    """ARN."""
    environment: dict[str, str] = field(default_factory=dict)
    log_group: str = ""
    log_format: str = "Text"
    """ "Text" or "JSON"."""
    application_log_level: str = ""
    system_log_level: str = ""
    tracing: str = "PassThrough"
    reserved_concurrency: int | None = None
    """Of the function as a whole; 0 lets nothing run, None is no reservation."""
    provisioned: int = 0
    """Environments of this version that are to be kept ready."""
    state: str = "Active"
    package_type: str = "Zip"
    image_uri: str = ""
    image_config: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """By which environments may be used again: function, version, revision."""
        return self.arn, self.version, self.revision
