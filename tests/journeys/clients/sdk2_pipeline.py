"""SDK 2: a PipelineModel that scales rows and classifies them."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.pipeline import PipelineModel
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONSerializer
from sagemaker.sklearn.model import SKLearnModel

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/scientist"


def step(name: str) -> SKLearnModel:
    return SKLearnModel(
        model_data=session.upload_data(str(folder / f"{name}.tar.gz"), key_prefix="sdk2/pipeline"),
        role=role,
        entry_point=str(folder / f"{name}.py"),
        framework_version="1.2-1",
        sagemaker_session=session,
    )


pipeline = PipelineModel(
    models=[step("scale"), step("classify")],
    role=role,
    name="sdk2-pipeline",
    sagemaker_session=session,
    predictor_cls=Predictor,
)
predictor = pipeline.deploy(initial_instance_count=1, instance_type="ml.m5.large")
predictor.serializer, predictor.deserializer = JSONSerializer(), JSONDeserializer()
told = {"json": predictor.predict(rows)}
predictor.delete_endpoint()
pipeline.delete_model()
answers.write_text(json.dumps(told))
