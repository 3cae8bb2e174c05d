import { TEXT_SLACK_BYTES } from "../../records/wasm-memory.ts";
import { wasmModule } from "../../records/wasm-module.ts";
import { RECORD_COUNT_MAX } from "../records/record-columns.ts";
import { columnsAt, ROW_BYTES, restOf, ScannedPut } from "../records/scan-put.ts";

/** Scans the CBOR of a PutRecords or PutRecord, as `scanPut()` does with JSON; data and keys stay in the body. */
export function scanCborPut(name: "PutRecord" | "PutRecords", body: Uint8Array): ScannedPut | undefined {
  const machine = wasmModule();
  if (machine === undefined) return undefined;
  const { calls, memory, spans } = machine;
  const capacity = name === "PutRecords" ? RECORD_COUNT_MAX : 1;
  const columnBytes = capacity * ROW_BYTES;
  const isHere = body.buffer === memory.buffer;
  const columns = spans.take(isHere ? columnBytes : columnBytes + body.length + TEXT_SLACK_BYTES);
  if (columns === 0) return undefined;
  const text = isHere ? body.byteOffset : columns + columnBytes;
  if (!isHere) memory.set(body, text);
  const scan = name === "PutRecords" ? calls.scanCborPutRecords : calls.scanCborPutRecord;
  const count = scan(text, body.length, columns);
  if (count === 0) {
    spans.giveBack(columns);
    return undefined;
  }
  return new ScannedPut(columnsAt(columns, { capacity, count, machine }), restOf(machine, calls.restOfCborPut()));
}
