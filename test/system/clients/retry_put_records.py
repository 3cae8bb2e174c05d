"""Puts records and tries again with those that their shards refuse as over their rate.

PutRecords succeeds or fails record by record: an answer without an exception may still have refused some of them, and no
SDK sends those again by itself.
"""
import random
import time

RECORDS_PER_CALL_MAX = 500
PAUSE_SECONDS_MAX = 2


def put_all(client, stream_name, records):
    """Returns the number of records that had to be sent again. The order of records with one key is kept only
    where none of them was refused."""
    waiting = list(records)
    retried = 0
    pause = 0.05
    while waiting:
        batch, waiting = waiting[:RECORDS_PER_CALL_MAX], waiting[RECORDS_PER_CALL_MAX:]
        answer = client.put_records(StreamName=stream_name, Records=batch)
        refused = [record for record, result in zip(batch, answer["Records"]) if "ErrorCode" in result]
        if not refused:
            pause = 0.05
            continue
        retried += len(refused)
        waiting = refused + waiting
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(2 * pause, PAUSE_SECONDS_MAX)
    return retried
