"""Producers that put three times what the shard of a stream takes. Argument: the endpoint."""
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

from driver_loop import serve
from retry_put_records import put_all

WORKERS = 8


class LimitedProducers:
    def __init__(self, endpoint):
        config = Config(retries={"mode": "adaptive", "max_attempts": 50}, max_pool_connections=WORKERS)
        self.client = boto3.client("kinesis", endpoint_url=endpoint, config=config)
        self.refused = 0
        self.lock = threading.Lock()
        self.client.meta.events.register("response-received.kinesis", self.count)

    def count(self, parsed_response=None, **_):
        """Every answer, also of those attempts that botocore makes by itself."""
        code = ((parsed_response or {}).get("Error") or {}).get("Code")
        with self.lock:
            self.refused += code == "ProvisionedThroughputExceededException"

    def putRecord(self, stream_name, record_count, record_bytes, seconds):
        """As many calls as workers, begun at an even pace over the seconds; botocore tries again."""
        began = time.monotonic()

        def put(number):
            time.sleep(max(0, began + number * seconds / record_count - time.monotonic()))
            data = b"%06d" % number + bytes(record_bytes - 6)
            self.client.put_record(StreamName=stream_name, Data=data, PartitionKey="k")

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(put, range(record_count)))
        return {"refused": self.refused, "seconds": time.monotonic() - began}

    def putRecords(self, stream_name, record_count):
        """As fast as it goes; the loop tries again."""
        began = time.monotonic()
        records = [{"Data": b"%06d" % number, "PartitionKey": str(number)} for number in range(record_count)]
        refused = put_all(self.client, stream_name, records)
        return {"refused": refused, "seconds": time.monotonic() - began}

    def readNumbers(self, stream_name):
        numbers = []
        place = {"StreamName": stream_name, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self.client.get_shard_iterator(**place)["ShardIterator"]
        while True:
            page = self.client.get_records(ShardIterator=iterator)
            numbers += [int(record["Data"][:6]) for record in page["Records"]]
            if page["MillisBehindLatest"] == 0:
                return numbers
            iterator = page["NextShardIterator"]


serve(LimitedProducers(*sys.argv[1:]))
