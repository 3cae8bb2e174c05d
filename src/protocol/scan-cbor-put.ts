// Hot path.
import { kernels } from "../records/kernels.ts";
import { RECORD_COUNT_MAX } from "./record-columns.ts";
import { columnsAt, ROW_BYTES, restOf, ScannedPut } from "./scan-put.ts";

/** The kernels read a little beyond the body. */
const SLACK_BYTES = 64;

/** Scans the CBOR of a PutRecords or PutRecord, as `scanPut()` does with JSON. */
export function scanCborPut(name: "PutRecord" | "PutRecords", body: Uint8Array): ScannedPut | undefined {
  const machine = kernels();
  if (machine === undefined) return undefined;
  const { calls, memory, spans } = machine;
  const capacity = name === "PutRecords" ? RECORD_COUNT_MAX : 1;
  const columns = spans.take(capacity * ROW_BYTES + body.length + SLACK_BYTES);
  if (columns === 0) return undefined;
  const text = columns + capacity * ROW_BYTES;
  memory.set(body, text);
  const scan = name === "PutRecords" ? calls.scanCborPutRecords : calls.scanCborPutRecord;
  const count = scan(text, body.length, columns);
  if (count === 0) {
    spans.giveBack(columns);
    return undefined;
  }
  return new ScannedPut(columnsAt(columns, { capacity, count, machine }), restOf(machine, calls.restOfCborPut()));
}
