"""`argosy env`: what a shell must set so that AWS clients reach the platform."""

import shlex

import click

from argosy.cli import options
from argosy.cli.session import session
from argosy.ground.files import write_atomic
from argosy.ground.paths import DataDir

_SDK_CONFIG = """# Read by the SageMaker Python SDK through SAGEMAKER_USER_CONFIG_OVERRIDE.
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
      Session:
        DefaultS3Bucket: {bucket}
"""


@click.command(epilog=options.example('eval "$(argosy env)"\naws sagemaker list-endpoints'))
@options.data_dir
def env(data_dir: str) -> None:
    """Print shell exports that point AWS clients at the platform."""
    found = session(data_dir)
    config = DataDir.at(data_dir).sdk_config
    if config.parent.is_dir():
        write_atomic(config, _SDK_CONFIG.format(bucket=found.bucket).encode())
    exports = {
        "AWS_ENDPOINT_URL": found.url,
        "AWS_ACCESS_KEY_ID": found.access_key_id,
        "AWS_SECRET_ACCESS_KEY": found.secret_access_key,
        "AWS_DEFAULT_REGION": found.region,
        "AWS_REGION": found.region,
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
    }
    if found.ca_bundle:
        exports["AWS_CA_BUNDLE"] = found.ca_bundle
    for name, value in exports.items():
        click.echo(f"export {name}={shlex.quote(value)}")
