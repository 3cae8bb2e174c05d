"""boto3, one operation by its name at a time. Argument: the endpoint."""
import datetime
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from driver_loop import serve

WAITER = {"Delay": 1, "MaxAttempts": 30}


class Boto3Api:
    def __init__(self, endpoint):
        config = Config(retries={"max_attempts": 0}, read_timeout=30)
        self.client = boto3.client("kinesis", endpoint_url=endpoint, config=config)

    def operations(self):
        return self.client.meta.service_model.operation_names

    def call(self, operation, members):
        try:
            return {"kind": "answered", "output": plain(self.method(operation)(**members))}
        except ClientError as error:
            refusal = error.response["Error"]
            return {"kind": "refused", "type": refusal["Code"], "message": refusal.get("Message", "")}
        except ParamValidationError as error:
            if "Unknown parameter" in str(error):
                return {"kind": "unknown"}
            raise

    def pages(self, operation, members, page_size):
        name = xform_name(operation)
        if not self.client.can_paginate(name):
            return None
        pages = self.client.get_paginator(name).paginate(**members, PaginationConfig={"PageSize": page_size})
        return [plain(page) for page in pages]

    def wait(self, waiter, stream_name):
        self.client.get_waiter(xform_name(waiter)).wait(StreamName=stream_name, WaiterConfig=WAITER)

    def subscribe(self, members, record_count):
        stream = self.client.subscribe_to_shard(**members)["EventStream"]
        found = []
        for event in stream:
            found += [record["Data"].decode() for record in event["SubscribeToShardEvent"]["Records"]]
            if len(found) >= record_count:
                break
        stream.close()
        return found

    def method(self, operation):
        return getattr(self.client, xform_name(operation))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value.decode() if isinstance(value, bytes) else value


serve(Boto3Api(*sys.argv[1:]))
