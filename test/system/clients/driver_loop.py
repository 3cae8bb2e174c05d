"""Lets a Python client carry out the workload: a call as JSON on each line of standard input, its result on standard output.

A call is {"call": name, "arguments": [...]}; a result is {"result": value} or {"error": text}.
"""
import json
import sys
import traceback


def serve(driver):
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": getattr(driver, request["call"])(*request["arguments"])}
        except Exception:
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def shard_view(shard):
    """A shard of ListShards or DescribeStream as the workload sees it."""
    parents = [shard.get("ParentShardId"), shard.get("AdjacentParentShardId")]
    return {
        "shardId": shard["ShardId"],
        "parentShardIds": [parent for parent in parents if parent],
        "startingHashKey": shard["HashKeyRange"]["StartingHashKey"],
        "endingHashKey": shard["HashKeyRange"]["EndingHashKey"],
        "closed": bool(shard["SequenceNumberRange"].get("EndingSequenceNumber")),
    }


def placed_records(answer):
    if answer["FailedRecordCount"] != 0:
        raise RuntimeError("%d records were refused: %r" % (answer["FailedRecordCount"], answer["Records"][:3]))
    return [{"shardId": each["ShardId"], "sequenceNumber": each["SequenceNumber"]} for each in answer["Records"]]
