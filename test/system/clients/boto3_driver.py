"""boto3, with its own waiters and paginators. Arguments: the endpoint, and for https:// the file of its authority."""
import sys

import boto3

from driver_loop import placed_records, serve, shard_view

WAITER = {"Delay": 1, "MaxAttempts": 30}


class Boto3Driver:
    def __init__(self, endpoint, authority_file=None):
        self.client = boto3.client("kinesis", endpoint_url=endpoint, verify=authority_file)

    def createStream(self, stream_name, shard_count):
        self.client.create_stream(StreamName=stream_name, ShardCount=shard_count)

    def waitUntilActive(self, stream_name):
        self.client.get_waiter("stream_exists").wait(StreamName=stream_name, WaiterConfig=WAITER)

    def listStreams(self):
        pages = self.client.get_paginator("list_streams").paginate()
        return [name for page in pages for name in page["StreamNames"]]

    def listShards(self, stream_name):
        pages = self.client.get_paginator("list_shards").paginate(StreamName=stream_name)
        return [shard_view(shard) for page in pages for shard in page["Shards"]]

    def putRecords(self, stream_name, entries):
        records = [{"Data": entry["data"].encode(), "PartitionKey": entry["partitionKey"]} for entry in entries]
        return placed_records(self.client.put_records(StreamName=stream_name, Records=records))

    def readShard(self, stream_name, shard_id):
        records = []
        iterator = self.client.get_shard_iterator(
            StreamName=stream_name, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = self.client.get_records(ShardIterator=iterator)
            records += answer["Records"]
            iterator = answer.get("NextShardIterator")
            if answer["MillisBehindLatest"] == 0:
                break
        return [
            {
                "data": each["Data"].decode(),
                "partitionKey": each["PartitionKey"],
                "sequenceNumber": each["SequenceNumber"],
            }
            for each in records
        ]

    def splitShard(self, stream_name, shard_id, new_starting_hash_key):
        self.client.split_shard(
            StreamName=stream_name, ShardToSplit=shard_id, NewStartingHashKey=new_starting_hash_key
        )

    def mergeShards(self, stream_name, shard_id, adjacent_shard_id):
        self.client.merge_shards(
            StreamName=stream_name, ShardToMerge=shard_id, AdjacentShardToMerge=adjacent_shard_id
        )

    def addTags(self, stream_name, tags):
        self.client.add_tags_to_stream(StreamName=stream_name, Tags=tags)

    def listTags(self, stream_name):
        return {tag["Key"]: tag["Value"] for tag in self.client.list_tags_for_stream(StreamName=stream_name)["Tags"]}

    def removeTags(self, stream_name, keys):
        self.client.remove_tags_from_stream(StreamName=stream_name, TagKeys=keys)

    def deleteStream(self, stream_name):
        self.client.delete_stream(StreamName=stream_name)

    def waitUntilGone(self, stream_name):
        self.client.get_waiter("stream_not_exists").wait(StreamName=stream_name, WaiterConfig=WAITER)


serve(Boto3Driver(*sys.argv[1:]))
