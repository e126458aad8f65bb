"""SDK 2: a PyTorch model with a script, which the SDK packs into the model's archive."""

import json
import sys
from pathlib import Path

import numpy as np
import sagemaker
from sagemaker.pytorch import PyTorchModel

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()

model = PyTorchModel(
    model_data=session.upload_data(str(folder / "model.tar.gz"), key_prefix="sdk2/pytorch"),
    role="arn:aws:iam::000000000000:role/scientist",
    entry_point="inference.py",
    source_dir=str(folder / "source"),
    framework_version="2.3.0",
    py_version="py311",
    sagemaker_session=session,
)
predictor = model.deploy(
    initial_instance_count=1, instance_type="ml.m5.large", endpoint_name="sdk2-pytorch"
)
told = {"npy": predictor.predict(np.array(rows, dtype="float32")).tolist()}
described = session.sagemaker_client.describe_model(ModelName=model.name)
told["environment"] = described["PrimaryContainer"]["Environment"]
predictor.delete_model()
predictor.delete_endpoint()
answers.write_text(json.dumps(told))
