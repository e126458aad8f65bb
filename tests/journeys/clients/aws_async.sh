# What a user of the AWS CLI types for an asynchronous endpoint. $1: an image.
# In the working folder: model.tar.gz, rows.csv.
set -eu

leaves() {  # the CLI's waiters look every 30 seconds only
    while [ "$(aws sagemaker describe-endpoint --endpoint-name cli-async \
        --query EndpointStatus --output text)" = "$1" ]; do sleep 0.2; done
}

aws s3 mb s3://cli-async > /dev/null
aws s3 cp --quiet model.tar.gz s3://cli-async/model.tar.gz
aws s3 cp --quiet rows.csv s3://cli-async/in/rows.csv
aws sagemaker create-model --model-name cli-async \
    --primary-container Image="$1",ModelDataUrl=s3://cli-async/model.tar.gz > /dev/null
aws sagemaker create-endpoint-config --endpoint-config-name cli-async --production-variants \
    VariantName=AllTraffic,ModelName=cli-async,InstanceType=ml.m5.large,InitialInstanceCount=1 \
    --async-inference-config 'OutputConfig={S3OutputPath=s3://cli-async/out}' > /dev/null
aws sagemaker create-endpoint --endpoint-name cli-async --endpoint-config-name cli-async > /dev/null
leaves Creating
place=$(aws sagemaker-runtime invoke-endpoint-async --endpoint-name cli-async \
    --input-location s3://cli-async/in/rows.csv --accept application/json \
    --query OutputLocation --output text)
aws s3api wait object-exists --bucket cli-async --key "${place#s3://cli-async/}"
aws s3 cp --quiet "$place" predicted.json
aws sagemaker delete-endpoint --endpoint-name cli-async
