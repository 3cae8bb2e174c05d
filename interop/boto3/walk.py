"""SubscribeToShard with boto3, which speaks HTTP/1.1 only: everything there is, the end of a closed shard, live pushes.

Reads MILLRACE_HTTP, MILLRACE_HTTPS, MILLRACE_CA and the usual AWS_ variables. An assertion that fails ends it.
"""

import os
import time
from contextlib import closing

import boto3
from botocore.config import Config
from botocore.eventstream import EventStreamError

SHARDS = 2
RECORDS = 2_000
RECORDS_PER_PUT = 500
KEYS = 20


def walk(client, stream):
    client.create_stream(StreamName=stream, ShardCount=SHARDS)
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    put(client, stream, 0)
    shard = client.list_shards(StreamName=stream)["Shards"][0]
    low, high = (int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
    client.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str((low + high) // 2))
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    put(client, stream, RECORDS)

    latest = {}
    shards = client.list_shards(StreamName=stream)["Shards"]
    assert len(shards) == SHARDS + 2, shards
    arn = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumer = register(client, arn, "walker")
    for shard in shards:
        pushed_from_start(client, consumer, shard, latest)
    assert sum(count for count, _ in latest.values()) == 2 * RECORDS, latest
    assert len(latest) == KEYS, latest

    refused_while_another_sits(client, register(client, arn, "second"), shards[-1])
    pushed_live_until_deleted(client, stream, register(client, arn, "follower"), shards[-1])
    client.get_waiter("stream_not_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def put(client, stream, start):
    for first in range(start, start + RECORDS, RECORDS_PER_PUT):
        numbers = range(first, first + RECORDS_PER_PUT)
        records = [{"Data": f"{number}".encode(), "PartitionKey": f"key-{number % KEYS}"} for number in numbers]
        answer = client.put_records(StreamName=stream, Records=records)
        assert answer["FailedRecordCount"] == 0, answer


def register(client, arn, name):
    consumer = client.register_stream_consumer(StreamARN=arn, ConsumerName=name)["Consumer"]["ConsumerARN"]
    while True:
        described = client.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
        if described["ConsumerStatus"] == "ACTIVE":
            return consumer
        time.sleep(0.05)


def subscribe(client, consumer, shard, position):
    return client.subscribe_to_shard(
        ConsumerARN=consumer, ShardId=shard["ShardId"], StartingPosition={"Type": position}
    )["EventStream"]


def pushed_from_start(client, consumer, shard, latest):
    is_open = "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    children = []
    with closing(subscribe(client, consumer, shard, "TRIM_HORIZON")) as events:
        for message in events:
            event = message["SubscribeToShardEvent"]
            for record in event["Records"]:
                key, number = record["PartitionKey"], int(record["Data"])
                count, last = latest.get(key, (0, None))
                assert last is None or number == last + KEYS, (key, last, number)
                latest[key] = (count + 1, number)
            children += event.get("ChildShards", [])
            if is_open and event["MillisBehindLatest"] == 0:
                return
            assert ("ContinuationSequenceNumber" in event) or children, event
    assert not is_open, "the events of an open shard ended"
    assert [child["ParentShards"] for child in children] == [[shard["ShardId"]]] * 2, children


def refused_while_another_sits(client, consumer, shard):
    with closing(subscribe(client, consumer, shard, "LATEST")):
        try:
            subscribe(client, consumer, shard, "LATEST")
        except client.exceptions.ResourceInUseException:
            return
    raise AssertionError("two subscriptions of one consumer to one shard")


def pushed_live_until_deleted(client, stream, consumer, shard):
    with closing(subscribe(client, consumer, shard, "LATEST")) as events:
        messages = iter(events)
        for number in range(10):
            data = f"live-{number}".encode()
            hash_key = shard["HashKeyRange"]["StartingHashKey"]
            client.put_record(StreamName=stream, Data=data, PartitionKey="live", ExplicitHashKey=hash_key)
            records = []
            while not records:
                records = next(messages)["SubscribeToShardEvent"]["Records"]
            assert [record["Data"] for record in records] == [data], records
        # A stream that goes away under its subscriber says so.
        client.delete_stream(StreamName=stream, EnforceConsumerDeletion=True)
        try:
            while next(messages, None) is not None:
                pass
        except EventStreamError as error:
            assert "ResourceNotFoundException" in str(error), error


def main():
    ca = os.environ["MILLRACE_CA"]
    for name, endpoint in (("http1", os.environ["MILLRACE_HTTP"]), ("tls", os.environ["MILLRACE_HTTPS"])):
        started = time.monotonic()
        client = boto3.client("kinesis", endpoint_url=endpoint, verify=ca, config=Config(retries={"total_max_attempts": 1}))
        walk(client, f"boto3-{name}")
        print(f"{name} in {(time.monotonic() - started) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
