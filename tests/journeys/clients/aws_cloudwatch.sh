# CloudWatch from a shell: values are put and read, with metric math; an alarm is put and drilled.
# Wanted: $1, a time in epoch seconds some minutes ago.
set -eu

at=$(date -u -d "@$1" +%Y-%m-%dT%H:%M:00Z)
start=$(date -u -d "@$(($1 - 600))" +%Y-%m-%dT%H:%M:00Z)
end=$(date -u -d "@$(($1 + 300))" +%Y-%m-%dT%H:%M:00Z)
cat > data.json <<DATA
[{"MetricName": "Wait", "Unit": "Seconds", "Values": [1, 2, 3], "Timestamp": "$at",
  "Dimensions": [{"Name": "Shop", "Value": "a"}]}]
DATA
aws cloudwatch put-metric-data --namespace Cli --metric-data file://data.json
echo "== statistics"
aws cloudwatch get-metric-statistics --namespace Cli --metric-name Wait --dimensions Name=Shop,Value=a \
    --start-time "$start" --end-time "$end" --period 60 --statistics Sum Average \
    --query 'Datapoints[].[Sum, Average, Unit]' --output text
echo "== math"
cat > queries.json <<'QUERIES'
[{"Id": "wait", "ReturnData": false,
  "MetricStat": {"Metric": {"Namespace": "Cli", "MetricName": "Wait",
                            "Dimensions": [{"Name": "Shop", "Value": "a"}]},
                 "Period": 60, "Stat": "Sum"}},
 {"Id": "more", "Expression": "wait * 100"}]
QUERIES
aws cloudwatch get-metric-data --metric-data-queries file://queries.json \
    --start-time "$start" --end-time "$end" --query 'MetricDataResults[].Values[]' --output text
echo "== alarm"
aws cloudwatch put-metric-alarm --alarm-name cli-high --namespace Cli --metric-name Nothing \
    --statistic Sum --period 3600 --evaluation-periods 1 --threshold 5 \
    --comparison-operator GreaterThanThreshold --treat-missing-data ignore
aws cloudwatch set-alarm-state --alarm-name cli-high --state-value ALARM --state-reason drill
aws cloudwatch describe-alarms --alarm-names cli-high \
    --query 'MetricAlarms[].[AlarmName, StateValue, StateReason]' --output text
echo "== gone"
aws cloudwatch delete-alarms --alarm-names cli-high
aws cloudwatch describe-alarms --alarm-names cli-high \
    --query 'MetricAlarms[].AlarmName' --output text
