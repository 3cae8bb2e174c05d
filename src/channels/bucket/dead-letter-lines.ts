import assert from "node:assert/strict";
import type { RecordSlice } from "../../records/outgoing-records.ts";
import { encodeSequenceNumber } from "../../streams/positions/sequence-number.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import type { RecordFault } from "../batch/content-maker.ts";

type SliceFacts = Pick<RecordSlice, "first" | "arrivalMs" | "count">;

/** What is known of the records of a page that cannot be delivered, without their data: a line of JSON for each. */
export function deadLetterLines(
  slices: readonly SliceFacts[],
  /** By the number of the record in the page, ascending. */
  faults: readonly (readonly [number: number, fault: RecordFault])[],
): string {
  let lines = "";
  let at = 0;
  let numberOfFirst = 0;
  for (const [number, fault] of faults) {
    let slice = slices[at];
    for (; slice !== undefined && number >= numberOfFirst + slice.count; slice = slices[at]) {
      numberOfFirst += slice.count;
      at += 1;
    }
    assert(slice !== undefined, "each fault is of a record of the page");
    lines += deadLetterLine(slice, number - numberOfFirst, fault);
  }
  return lines;
}

function deadLetterLine({ first, arrivalMs }: SliceFacts, index: number, { code, message }: RecordFault): string {
  const position = first.position + BigInt(index);
  return `${JSON.stringify({
    shardId: formatShardId(first.shardIndex),
    sequenceNumber: encodeSequenceNumber({ ...first, position }).toString(),
    approximateArrivalTimestamp: new Date(arrivalMs).toISOString(),
    errorCode: code,
    errorMessage: message,
  })}\n`;
}
