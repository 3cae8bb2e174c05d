import { RawConnection } from "../../../support/raw-connection.ts";
import { bytesOf, signed, type Target } from "../attack.ts";

/** A GetRecords from the beginning of the shard: a page of 10 MiB of records, where the shard holds that much. */
export async function readRequest(target: Target): Promise<Buffer> {
  const connection = await RawConnection.open(target.port);
  const { streamName: StreamName } = target;
  const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  const { json } = await connection.send(signed(target, "GetShardIterator", place));
  connection.close();
  return bytesOf(signed(target, "GetRecords", { ShardIterator: json["ShardIterator"] }));
}
