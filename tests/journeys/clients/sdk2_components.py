"""SDK 2: two models behind one endpoint as inference components; called, replaced, deleted."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.compute_resource_requirements import ResourceRequirements
from sagemaker.deserializers import JSONDeserializer
from sagemaker.enums import EndpointType
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONSerializer

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
needs = {"num_cpus": 1, "memory": 1024, "copies": 1}


def deploy(name: str) -> Predictor:
    model = Model(
        name=name,
        model_data=session.upload_data(str(folder / f"{name}.tar.gz"), key_prefix="sdk2/parts"),
        image_uri=image_uris.retrieve("sklearn", "us-east-1", version="1.2-1"),
        role="arn:aws:iam::000000000000:role/scientist",
        predictor_cls=Predictor,
        sagemaker_session=session,
    )
    return model.deploy(
        initial_instance_count=1,
        instance_type="ml.m5.xlarge",
        endpoint_name="sdk2-parts",
        endpoint_type=EndpointType.INFERENCE_COMPONENT_BASED,
        inference_component_name=name,
        resources=ResourceRequirements(requests=needs),
        managed_instance_scaling={"MaxInstanceCount": 2},
        serializer=JSONSerializer(),
        deserializer=JSONDeserializer(),
    )


mild, strong = deploy("mild"), deploy("strong")
told = {"mild": mild.predict(rows), "strong": strong.predict(rows)}
told["parts"] = session.list_and_paginate_inference_component_names_associated_with_endpoint(
    "sdk2-parts"
)

mild.update_predictor(
    model_name="strong", resources=ResourceRequirements(requests={**needs, "copies": 2})
)
told["updated"] = mild.predict(rows)
described = session.describe_inference_component("mild")
told["copies"] = described["RuntimeConfig"]["CurrentCopyCount"]

for predictor in (mild, strong):
    predictor.delete_predictor(wait=True)
strong.delete_endpoint()
answers.write_text(json.dumps(told))
