"""SDK 2: a MultiDataModel whose models, added before and after deployment, share one script."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.serializers import JSONSerializer
from sagemaker.sklearn.model import SKLearnModel

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
stored = session.upload_data(str(folder / "strong.tar.gz"), key_prefix="sdk2/trained")

shared = SKLearnModel(
    model_data=stored,
    role="arn:aws:iam::000000000000:role/scientist",
    entry_point="serve.py",
    source_dir=str(folder / "source"),
    framework_version="1.2-1",
    sagemaker_session=session,
)
many = MultiDataModel(
    name="sdk2-multi",
    model_data_prefix=f"s3://{session.default_bucket()}/sdk2/multi/",
    model=shared,
    sagemaker_session=session,
)
many.add_model(str(folder / "mild.tar.gz"))
predictor = many.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    endpoint_name="sdk2-multi",
    serializer=JSONSerializer(),
    deserializer=JSONDeserializer(),
)
told = {"mild": predictor.predict(rows, target_model="mild.tar.gz")}

many.add_model(stored, "late/strong.tar.gz")
told["strong"] = predictor.predict(rows, target_model="late/strong.tar.gz")
told["listed"] = sorted(many.list_models())
predictor.delete_model()
predictor.delete_endpoint()
answers.write_text(json.dumps(told))
