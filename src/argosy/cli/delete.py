"""`argosy delete`: take an endpoint away, with its config and its models."""

import sys
from typing import Any

import click

from argosy.cli import options
from argosy.cli.session import plainly, session


@click.command(epilog=options.example("argosy delete iris\nargosy delete iris --keep-models --yes"))
@click.argument("name")
@click.option("--keep-models", is_flag=True, help="Leave its config and models.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@options.data_dir
def delete(name: str, keep_models: bool, yes: bool, data_dir: str) -> None:
    """Delete the endpoint NAME and, unless told otherwise, its config and models.

    Objects in S3 stay. Asks first when a person is at the keyboard.
    """
    sagemaker = session(data_dir).client("sagemaker")
    with plainly():
        config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete endpoint {name}?", abort=True)
    with plainly():
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.get_waiter("endpoint_deleted").wait(
            EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
        if not keep_models:
            _delete_definitions(sagemaker, config)
    click.echo(f"{name} is deleted.")


def _delete_definitions(sagemaker: Any, config: str) -> None:
    """The config and its models, if they are still there and no other endpoint uses the config."""
    from botocore.exceptions import ClientError

    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError:
        return
    if _used(sagemaker, config):
        return
    sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model in {variant["ModelName"] for variant in described["ProductionVariants"]}:
        if not _model_used(sagemaker, model):
            sagemaker.delete_model(ModelName=model)


def _used(sagemaker: Any, config: str) -> bool:
    pages = sagemaker.get_paginator("list_endpoints").paginate()
    names = [one["EndpointName"] for page in pages for one in page["Endpoints"]]
    return any(
        sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] == config
        for name in names
    )


def _model_used(sagemaker: Any, model: str) -> bool:
    """True while another config names the model (or it is gone already)."""
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate()
    configs = [one["EndpointConfigName"] for page in pages for one in page["EndpointConfigs"]]
    return any(
        variant["ModelName"] == model
        for config in configs
        for variant in sagemaker.describe_endpoint_config(EndpointConfigName=config)[
            "ProductionVariants"
        ]
    )
