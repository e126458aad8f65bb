# The AWS CLI: a topic, a queue that is subscribed, and a message that is waited for.
set -euo pipefail

# Version 1 of the CLI goes to queue.amazonaws.com unless it is told on the command line.
queues() {
    aws sqs --endpoint-url "$AWS_ENDPOINT_URL" "$@"
}

topic=$(aws sns create-topic --name cli-news --query TopicArn --output text)
url=$(queues create-queue --queue-name cli-news --query QueueUrl --output text)
queue=$(queues get-queue-attributes --queue-url "$url" --attribute-names QueueArn \
    --query Attributes.QueueArn --output text)
aws sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$queue" \
    --attributes RawMessageDelivery=true > /dev/null
aws sns publish --topic-arn "$topic" --message done \
    --message-attributes '{"colour": {"DataType": "String", "StringValue": "grün"}}' > /dev/null

received=$(queues receive-message --queue-url "$url" --wait-time-seconds 20 \
    --message-attribute-names All --attribute-names All --output text \
    --query 'Messages[0].[Body, MessageAttributes.colour.StringValue, Attributes.ApproximateReceiveCount, ReceiptHandle]')
echo "$received" | cut -f1-3
queues delete-message --queue-url "$url" --receipt-handle "$(echo "$received" | cut -f4)"
queues get-queue-attributes --queue-url "$url" --output text \
    --attribute-names ApproximateNumberOfMessagesNotVisible \
    --query Attributes.ApproximateNumberOfMessagesNotVisible
queues delete-queue --queue-url "$url"
aws sns delete-topic --topic-arn "$topic"
