"""SDK 3: models, configs and endpoints as resources; created, called, listed, updated, deleted."""

import json
import sys
from pathlib import Path

from botocore.exceptions import ClientError
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import (
    ContainerDefinition,
    DesiredWeightAndCapacity,
    ProductionVariant,
)

folder, image, answers = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
rows = json.loads((folder / "rows.json").read_text())
role = "arn:aws:iam::000000000000:role/scientist"
data_url = Session().upload_data(str(folder / "model.tar.gz"), key_prefix="sdk3/resources")

model = Model.create(
    model_name="sdk3-resources",
    primary_container=ContainerDefinition(image=image, model_data_url=data_url),
    execution_role_arn=role,
)
config = EndpointConfig.create(
    endpoint_config_name="sdk3-resources",
    production_variants=[
        ProductionVariant(
            variant_name="AllTraffic",
            model_name=model.model_name,
            instance_type="ml.m5.large",
            initial_instance_count=1,
        )
    ],
)
endpoint = Endpoint.create(endpoint_name="sdk3-resources", endpoint_config_name=config)
endpoint.wait_for_status("InService")


def predict() -> list[int]:
    answer = endpoint.invoke(
        body=json.dumps(rows), content_type="application/json", accept="application/json"
    )
    return json.loads(answer.body.read())


told = {"json": predict(), "arn": endpoint.endpoint_arn}
told["models"] = [one.model_name for one in Model.get_all(name_contains="sdk3-res")]
told["endpoints"] = [one.endpoint_name for one in Endpoint.get_all(name_contains="sdk3-res")]

endpoint.update_weights_and_capacities(
    desired_weights_and_capacities=[
        DesiredWeightAndCapacity(variant_name="AllTraffic", desired_instance_count=2)
    ]
)
endpoint.wait_for_status("InService")
told["count"] = endpoint.production_variants[0].current_instance_count
told["after"] = predict()

endpoint.delete()
endpoint.wait_for_delete()
config.delete()
model.delete()
try:
    Model.get(model_name="sdk3-resources")
except ClientError as error:
    told["gone"] = error.response["Error"]["Message"]
answers.write_text(json.dumps(told))
