import type { RecordSlice } from "../../records/outgoing-records.ts";
import { encodeSequenceNumber } from "../../streams/positions/sequence-number.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";

/** What is known of a record that cannot be delivered, without its data, as one line of JSON. */
export function deadLetterLine(
  { first, arrivalMs }: Pick<RecordSlice, "first" | "arrivalMs">,
  index: number,
  { code, message }: { readonly code: string; readonly message: string },
): string {
  const position = first.position + BigInt(index);
  return `${JSON.stringify({
    shardId: formatShardId(first.shardIndex),
    sequenceNumber: encodeSequenceNumber({ ...first, position }).toString(),
    approximateArrivalTimestamp: new Date(arrivalMs).toISOString(),
    errorCode: code,
    errorMessage: message,
  })}\n`;
}
