"""SDK 2: DefaultModelMonitor and ModelQualityMonitor from baseline to violations, on data that an
endpoint captured.
"""

import json
import sys
import time
from pathlib import Path

import sagemaker
from sagemaker.deserializers import CSVDeserializer
from sagemaker.model_monitor import (
    CronExpressionGenerator,
    DataCaptureConfig,
    DefaultModelMonitor,
    EndpointInput,
    ModelQualityMonitor,
    MonitoringExecution,
)
from sagemaker.model_monitor.dataset_format import DatasetFormat
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn.model import SKLearnModel

folder, answers = map(Path, sys.argv[1:])
role = "arn:aws:iam::000000000000:role/scientist"
session = sagemaker.Session()
bucket = session.default_bucket()
s3 = session.boto_session.client("s3")
place = f"s3://{bucket}/sdk-monitor"
session.upload_data(str(folder / "model.tar.gz"), bucket, "sdk-monitor/model")

predictor = SKLearnModel(
    model_data=f"{place}/model/model.tar.gz",
    role=role,
    entry_point=str(folder / "inference.py"),
    framework_version="1.2-1",
    py_version="py3",
    sagemaker_session=session,
    name="sdk-monitored",
).deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    endpoint_name="sdk-monitored",
    serializer=CSVSerializer(),
    deserializer=CSVDeserializer(),
    data_capture_config=DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=f"{place}/captured",
        csv_content_types=["text/csv"],
        sagemaker_session=session,
    ),
)

monitor = DefaultModelMonitor(
    role=role,
    instance_count=1,
    instance_type="ml.m5.large",
    volume_size_in_gb=20,
    max_runtime_in_seconds=3600,
    sagemaker_session=session,
)
monitor.suggest_baseline(
    baseline_dataset=str(folder / "train.csv"),
    dataset_format=DatasetFormat.csv(header=True),
    output_s3_uri=f"{place}/baseline",
    wait=True,
    logs=True,
)
statistics, constraints = monitor.baseline_statistics(), monitor.suggested_constraints()

truths = []
for number, line in enumerate((folder / "drifted.csv").read_text().splitlines()):
    predictor.predict(line, inference_id=f"sdk-{number}")
    truths.append(
        {
            "groundTruthData": {"data": "7", "encoding": "CSV"},
            "eventMetadata": {"eventId": f"sdk-{number}"},
            "eventVersion": "0",
        }
    )
s3.put_object(
    Bucket=bucket,
    Key=time.strftime("sdk-monitor/truth/%Y/%m/%d/%H/one.jsonl", time.gmtime()),
    Body="\n".join(map(json.dumps, truths)),
)


def rows():
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="sdk-monitor/captured/")
    bodies = [s3.get_object(Bucket=bucket, Key=one["Key"]) for one in listed.get("Contents", [])]
    return sum(len(body["Body"].read().splitlines()) for body in bodies)


wanted = len((folder / "drifted.csv").read_text().splitlines())
deadline = time.monotonic() + 120
while rows() < wanted and time.monotonic() < deadline:
    time.sleep(1)

monitor.create_monitoring_schedule(
    monitor_schedule_name="sdk-watch",
    endpoint_input=predictor.endpoint_name,
    output_s3_uri=f"{place}/reports",
    statistics=statistics,
    constraints=constraints,
    schedule_cron_expression=CronExpressionGenerator.now(),
    data_analysis_start_time="-PT1H",
    data_analysis_end_time="-PT0H",
    enable_cloudwatch_metrics=True,
)
while not (executions := monitor.list_executions()) and time.monotonic() < deadline:
    time.sleep(1)
latest: MonitoringExecution = executions[-1]
latest.wait(logs=False)
described = session.sagemaker_client.list_monitoring_executions(MonitoringScheduleName="sdk-watch")[
    "MonitoringExecutionSummaries"
][0]
schedule = monitor.describe_schedule()
attached = DefaultModelMonitor.attach("sdk-watch", sagemaker_session=session)
told = {
    "baseline": statistics.body_dict["dataset"]["item_count"],
    "constraints": [one["name"] for one in constraints.body_dict["features"]],
    "execution": described["MonitoringExecutionStatus"],
    "violations": monitor.latest_monitoring_constraint_violations().body_dict["violations"],
    "rows": monitor.latest_monitoring_statistics().body_dict["dataset"]["item_count"],
    "exit": latest.describe()["ExitMessage"],
    "endpoint": schedule["EndpointName"],
    "attached": attached.monitoring_schedule_name,
}
monitor.delete_monitoring_schedule()

quality = ModelQualityMonitor(
    role=role, instance_count=1, instance_type="ml.m5.large", sagemaker_session=session
)
quality.suggest_baseline(
    baseline_dataset=str(folder / "quality.csv"),
    dataset_format=DatasetFormat.csv(header=True),
    output_s3_uri=f"{place}/quality-baseline",
    problem_type="MulticlassClassification",
    inference_attribute="said",
    ground_truth_attribute="true",
    wait=True,
    logs=False,
)
quality.create_monitoring_schedule(
    monitor_schedule_name="sdk-quality",
    endpoint_input=EndpointInput(
        endpoint_name=predictor.endpoint_name,
        destination="/opt/ml/processing/input_data",
        inference_attribute="0",
    ),
    ground_truth_input=f"{place}/truth",
    problem_type="MulticlassClassification",
    output_s3_uri=f"{place}/reports",
    constraints=quality.suggested_constraints(),
    schedule_cron_expression=CronExpressionGenerator.now(),
    data_analysis_start_time="-PT1H",
    data_analysis_end_time="-PT0H",
)
while not quality.list_executions() and time.monotonic() < deadline + 120:
    time.sleep(1)
quality.list_executions()[-1].wait(logs=False)
told["wrong"] = quality.latest_monitoring_constraint_violations().body_dict["violations"]
quality.delete_monitoring_schedule()
predictor.delete_endpoint()
answers.write_text(json.dumps(told))
