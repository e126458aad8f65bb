"""SDK 2: a scikit-learn model with a script, called in several formats, updated and deleted."""

import json
import sys
from pathlib import Path

import numpy as np
import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.serializers import CSVSerializer, JSONSerializer
from sagemaker.sklearn.model import SKLearnModel

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/scientist"

model = SKLearnModel(
    model_data=session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk2/sklearn"),
    role=role,
    entry_point="serve.py",
    source_dir=str(folder / "source"),
    framework_version="1.2-1",
    py_version="py3",
    sagemaker_session=session,
)
predictor = model.deploy(initial_instance_count=1, instance_type="ml.m5.large")
told = {"npy": predictor.predict(np.array(rows)).tolist()}

predictor.deserializer = JSONDeserializer()
predictor.serializer = JSONSerializer()
told["json"] = predictor.predict(rows)
predictor.serializer = CSVSerializer()
told["csv"] = predictor.predict(rows)

predictor.update_endpoint(initial_instance_count=2, instance_type="ml.m5.xlarge")
described = session.sagemaker_client.describe_endpoint(EndpointName=predictor.endpoint_name)
told["count"] = described["ProductionVariants"][0]["CurrentInstanceCount"]
told["updated"] = predictor.predict(rows)

predictor.delete_model()
predictor.delete_endpoint()
listed = session.sagemaker_client.list_models(NameContains=model.name)["Models"]
told["left"] = [one["ModelName"] for one in listed]
told["endpoint"] = predictor.endpoint_name
answers.write_text(json.dumps(told))
