# A transform job by the AWS CLI: created, looked at, listed, stopped too late. The model is there.
set -euo pipefail
bucket=$1
model=$2

aws s3 cp --quiet rows.csv "s3://$bucket/in/rows.csv"
aws sagemaker create-transform-job --transform-job-name cli-job --model-name "$model" \
    --transform-input "DataSource={S3DataSource={S3DataType=S3Prefix,S3Uri=s3://$bucket/in/}},ContentType=text/csv,SplitType=Line" \
    --transform-output "S3OutputPath=s3://$bucket/out,Accept=text/csv,AssembleWith=Line" \
    --transform-resources InstanceType=ml.m5.large,InstanceCount=1 > created.json
for _ in $(seq 240); do
    status=$(aws sagemaker describe-transform-job --transform-job-name cli-job \
        --query TransformJobStatus --output text)
    [ "$status" = InProgress ] || break
    sleep 0.5
done
aws sagemaker list-transform-jobs --status-equals Completed --name-contains cli-job \
    --query 'TransformJobSummaries[].TransformJobName' --output text
aws s3 cp --quiet "s3://$bucket/out/rows.csv.out" answers
aws sagemaker stop-transform-job --transform-job-name cli-job 2>&1 | grep -o "Completed" || true
