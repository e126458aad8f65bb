# Logs from a shell: a group and a stream are made, filled, searched, read on and removed.
# Wanted: the folder's events.json, and $1, a name.
set -eu

group=/shell/$1
aws logs create-log-group --log-group-name "$group" --tags team=ml
aws logs put-retention-policy --log-group-name "$group" --retention-in-days 7
aws logs create-log-stream --log-group-name "$group" --log-stream-name one
aws logs put-log-events --log-group-name "$group" --log-stream-name one \
    --log-events file://events.json --output text > put.txt
echo "== found"
aws logs filter-log-events --log-group-name "$group" --filter-pattern '{ $.code >= 500 }' \
    --query 'events[].message' --output text
echo "== new"
newest=$(aws logs filter-log-events --log-group-name "$group" --interleaved \
    --query 'events[-1].timestamp' --output text)
aws logs put-log-events --log-group-name "$group" --log-stream-name one \
    --log-events "timestamp=$(date +%s000),message=later" --output text > put.txt
aws logs filter-log-events --log-group-name "$group" --interleaved --start-time $((newest + 1)) \
    --query 'events[].message' --output text
echo "== group"
aws logs describe-log-groups --log-group-name-prefix "$group" \
    --query 'logGroups[].[retentionInDays, metricFilterCount]' --output text
aws logs delete-log-group --log-group-name "$group"
