# The AWS CLI: from an archive to predictions and away again.
set -euo pipefail

status() {
    aws sagemaker describe-endpoint --endpoint-name cli-journey --query EndpointStatus \
        --output text 2> /dev/null || echo gone
}

# `aws … wait` looks only every 30 seconds: let what it waits for be there when it looks first.
leaves() {
    for attempt in $(seq 120); do
        if [ "$(status)" != "$1" ]; then break; fi
    done
}

echo "== bucket"
aws s3 mb s3://cli-journey > /dev/null
aws s3 cp --only-show-errors model.tar.gz s3://cli-journey/models/model.tar.gz
aws s3 sync --only-show-errors data s3://cli-journey/data
aws s3 ls s3://cli-journey/data/ | awk '{print $4}'
aws s3 sync --only-show-errors s3://cli-journey/data back

echo "== create"
aws sagemaker create-model --model-name cli-journey \
    --primary-container Image="$1",ModelDataUrl=s3://cli-journey/models/model.tar.gz \
    --execution-role-arn arn:aws:iam::000000000000:role/scientist --query ModelArn --output text
aws sagemaker create-endpoint-config --endpoint-config-name cli-journey --production-variants \
    VariantName=AllTraffic,ModelName=cli-journey,InstanceType=ml.m5.large,InitialInstanceCount=1 \
    --query EndpointConfigArn --output text
aws sagemaker create-endpoint --endpoint-name cli-journey --endpoint-config-name cli-journey \
    --tags Key=team,Value=iris --query EndpointArn --output text
leaves Creating
aws sagemaker wait endpoint-in-service --endpoint-name cli-journey

echo "== look"
aws sagemaker list-endpoints --name-contains cli-journey --status-equals InService \
    --query 'Endpoints[].EndpointName' --output text
aws sagemaker list-tags --query 'Tags[].Value' --output text --resource-arn \
    "$(aws sagemaker describe-endpoint --endpoint-name cli-journey --query EndpointArn --output text)"

echo "== call"
aws sagemaker-runtime invoke-endpoint --endpoint-name cli-journey --content-type text/csv \
    --accept application/json --body file://data/rows.csv predicted.json \
    --query InvokedProductionVariant --output text
aws sagemaker-runtime invoke-endpoint --endpoint-name cli-journey \
    --content-type application/json --body fileb://data/rows.json predicted-b.json > /dev/null

echo "== scale"
what="--service-namespace sagemaker --resource-id endpoint/cli-journey/variant/AllTraffic
    --scalable-dimension sagemaker:variant:DesiredInstanceCount"
# shellcheck disable=SC2086
aws application-autoscaling register-scalable-target $what --min-capacity 1 --max-capacity 4 \
    > /dev/null
# shellcheck disable=SC2086
aws application-autoscaling put-scaling-policy $what --policy-name track \
    --policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration \
    'TargetValue=70,PredefinedMetricSpecification={PredefinedMetricType=SageMakerVariantInvocationsPerInstance}' \
    --query 'length(Alarms)' --output text
aws application-autoscaling describe-scalable-targets --service-namespace sagemaker \
    --resource-ids endpoint/cli-journey/variant/AllTraffic \
    --query 'ScalableTargets[].[MinCapacity,MaxCapacity]' --output text

echo "== delete"
aws sagemaker delete-endpoint --endpoint-name cli-journey
leaves Deleting
aws sagemaker wait endpoint-deleted --endpoint-name cli-journey
aws sagemaker delete-endpoint-config --endpoint-config-name cli-journey
aws sagemaker delete-model --model-name cli-journey
aws s3 rb s3://cli-journey --force > /dev/null
