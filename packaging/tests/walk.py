"""Drives a server with boto3: `walk.py put STREAM COUNT` and, perhaps after a restart, `walk.py read STREAM COUNT`.

Reads AWS_ENDPOINT_URL and the usual AWS_ variables. An assertion that fails ends it.
"""

import os
import sys

import boto3

RECORDS_PER_PUT = 500
KEYS = 20

client = boto3.client("kinesis", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def data_of(number):
    return f"record {number}".encode()


def put(stream, count):
    if stream not in client.list_streams()["StreamNames"]:
        client.create_stream(StreamName=stream, ShardCount=2)
    wait_for(stream)
    for first in range(0, count, RECORDS_PER_PUT):
        numbers = range(first, min(first + RECORDS_PER_PUT, count))
        records = [{"Data": data_of(number), "PartitionKey": f"key {number % KEYS}"} for number in numbers]
        assert client.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0
    split_first_shard(stream)


def split_first_shard(stream):
    """Its records stay readable, and later ones go to its children."""
    shard = client.list_shards(StreamName=stream)["Shards"][0]
    low, high = (int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
    middle = str((low + high) // 2)
    client.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=middle)
    wait_for(stream)


def wait_for(stream):
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def read(stream, count):
    numbers_of = {}
    for shard in client.list_shards(StreamName=stream)["Shards"]:
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = client.get_shard_iterator(**start)["ShardIterator"]
        while iterator is not None:
            page = client.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                numbers_of.setdefault(record["PartitionKey"], []).append(int(record["Data"].split()[1]))
            iterator = page.get("NextShardIterator")
            if not page["Records"] and page["MillisBehindLatest"] == 0:
                break
    for key, numbers in numbers_of.items():
        assert numbers == sorted(numbers), key
    found = sum(map(len, numbers_of.values()))
    assert found == count, found
    print(f"{count} records in order")


command, stream_name, record_count = sys.argv[1:]
{"put": put, "read": read}[command](stream_name, int(record_count))
