"""boto3: each call of CloudWatch that the server has. Argument: the endpoint and a stream. Prints what the calls returned."""
import datetime
import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, stream = sys.argv[1:]
client = boto3.client(
    "cloudwatch",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
)
now = datetime.datetime.now(datetime.timezone.utc)
span = {"StartTime": now - datetime.timedelta(minutes=30), "EndTime": now + datetime.timedelta(minutes=1)}
metric = {
    "Namespace": "AWS/Kinesis",
    "MetricName": "IncomingRecords",
    "Dimensions": [{"Name": "StreamName", "Value": stream}],
}
listed = [one["MetricName"] for page in client.get_paginator("list_metrics").paginate(Namespace="AWS/Kinesis") for one in page["Metrics"]]
points = client.get_metric_statistics(**metric, **span, Period=60, Statistics=["Sum"])["Datapoints"]
queries = [{"Id": "all", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}]
pages = client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **span)
values = [value for page in pages for result in page["MetricDataResults"] for value in result["Values"]]
many = [{"MetricName": "metric-%d" % i, "Value": i, "Unit": "Count"} for i in range(300)]
client.put_metric_data(Namespace="app", MetricData=many)
try:
    client.put_metric_data(Namespace="app", MetricData=[])
    refusal = ""
except client.exceptions.MissingRequiredParameterException as error:
    refusal = error.response["Error"]["Code"]
except ClientError as error:
    refusal = "as %s" % type(error).__name__
print(json.dumps({"listed": listed, "statistics": sum(one["Sum"] for one in points), "data": sum(values), "refusal": refusal}))
