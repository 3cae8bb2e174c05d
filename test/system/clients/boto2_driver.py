"""boto 2: the client that knows nothing of Kinesis beyond 2015, as its manual uses it."""
import sys
import time

from boto.kinesis.exceptions import ResourceNotFoundException
from boto.kinesis.layer1 import KinesisConnection

from driver_loop import placed_records, serve, shard_view

WAIT_SECONDS_MAX = 30


class Boto2Driver:
    def __init__(self, host, port):
        self.connection = KinesisConnection(
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="example-secret",
            host=host,
            port=port,
            is_secure=False,
        )

    def createStream(self, stream_name, shard_count):
        self.connection.create_stream(stream_name, shard_count)

    def waitUntilActive(self, stream_name):
        deadline = time.time() + WAIT_SECONDS_MAX
        while self.connection.describe_stream(stream_name)["StreamDescription"]["StreamStatus"] != "ACTIVE":
            if time.time() > deadline:
                raise RuntimeError("the stream did not become ACTIVE")
            time.sleep(0.05)

    def listStreams(self):
        return self.connection.list_streams()["StreamNames"]

    def listShards(self, stream_name):
        shards = []
        while True:
            start = shards[-1]["ShardId"] if shards else None
            description = self.connection.describe_stream(stream_name, exclusive_start_shard_id=start)["StreamDescription"]
            shards += description["Shards"]
            if not description["HasMoreShards"]:
                return [shard_view(shard) for shard in shards]

    def putRecords(self, stream_name, entries):
        records = [{"Data": entry["data"], "PartitionKey": entry["partitionKey"]} for entry in entries]
        return placed_records(self.connection.put_records(records, stream_name))

    def readShard(self, stream_name, shard_id):
        records = []
        iterator = self.connection.get_shard_iterator(stream_name, shard_id, "TRIM_HORIZON")["ShardIterator"]
        while iterator:
            answer = self.connection.get_records(iterator)
            records += answer["Records"]
            iterator = answer.get("NextShardIterator")
            if answer["MillisBehindLatest"] == 0:
                break
        return [
            {"data": each["Data"], "partitionKey": each["PartitionKey"], "sequenceNumber": each["SequenceNumber"]}
            for each in records
        ]

    def splitShard(self, stream_name, shard_id, new_starting_hash_key):
        self.connection.split_shard(stream_name, shard_id, new_starting_hash_key)

    def mergeShards(self, stream_name, shard_id, adjacent_shard_id):
        self.connection.merge_shards(stream_name, shard_id, adjacent_shard_id)

    def addTags(self, stream_name, tags):
        self.connection.add_tags_to_stream(stream_name, tags)

    def listTags(self, stream_name):
        return {tag["Key"]: tag["Value"] for tag in self.connection.list_tags_for_stream(stream_name)["Tags"]}

    def removeTags(self, stream_name, keys):
        self.connection.remove_tags_from_stream(stream_name, keys)

    def deleteStream(self, stream_name):
        self.connection.delete_stream(stream_name)

    def waitUntilGone(self, stream_name):
        deadline = time.time() + WAIT_SECONDS_MAX
        while time.time() < deadline:
            try:
                self.connection.describe_stream(stream_name)
            except ResourceNotFoundException:
                return
            time.sleep(0.05)
        raise RuntimeError("the stream did not go away")


serve(Boto2Driver(sys.argv[1], int(sys.argv[2])))
