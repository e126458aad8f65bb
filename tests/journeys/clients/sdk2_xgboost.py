"""SDK 2: an XGBoost model, with a script of its own and as the built-in algorithm's."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.deserializers import CSVDeserializer
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer
from sagemaker.xgboost.model import XGBoostModel

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/scientist"
data_url = session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk2/xgboost")

scripted = XGBoostModel(
    model_data=data_url,
    role=role,
    entry_point=str(folder / "serve.py"),
    framework_version="1.7-1",
    sagemaker_session=session,
)
predictor = scripted.deploy(initial_instance_count=1, instance_type="ml.m5.large")
lines = [" ".join(f"{place}:{value}" for place, value in enumerate(row)) for row in rows]
told = {"libsvm": predictor.predict("\n".join(lines))}
predictor.delete_model()
predictor.delete_endpoint()

builtin = Model(
    image_uri=image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1"),
    model_data=data_url,
    role=role,
    predictor_cls=Predictor,
    sagemaker_session=session,
)
predictor = builtin.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    serializer=CSVSerializer(),
    deserializer=CSVDeserializer(),
)
told["csv"] = predictor.predict(rows)
predictor.delete_model()
predictor.delete_endpoint()
answers.write_text(json.dumps(told))
