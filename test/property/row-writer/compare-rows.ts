import assert from "node:assert/strict";
import { cborRows } from "../../../src/protocol/cbor/encode-outgoing-records.ts";
import { jsonRows } from "../../../src/protocol/json/encode-outgoing-records.ts";
import { encodeRecordRows, type RowFormat } from "../../../src/protocol/records/encode-record-rows.ts";
import { type WasmModule, wasmModule } from "../../../src/records/wasm-module.ts";
import { encodeSequenceNumber, SEQUENCE_NUMBER_STEP } from "../../../src/streams/positions/sequence-number.ts";
import { bytesOf } from "../../support/encoded-body.ts";
import { type RandomSlice, randomPage } from "./random-page.ts";

const margins = { before: 7, after: 5 };

/** Writes the pages of `count` seeds in WebAssembly, in JavaScript and with JSON.stringify; throws where they differ. */
export function compareRows(firstSeed: number, count: number): void {
  const wasm = wasmModule();
  assert(wasm !== undefined, "this machine runs the WebAssembly module");
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const page = randomPage(seed);
    for (const format of [jsonRows, cborRows]) {
      const inWasm = rows(format, page, wasm);
      assert.ok(inWasm.equals(rows(format, page, undefined)), `seed ${seed}: ${format.wasmWriter}`);
      if (format === jsonRows) assert.equal(inWasm.toString(), expectedJson(page), `seed ${seed}`);
    }
  }
}

function rows(format: RowFormat, page: readonly RandomSlice[], wasm: WasmModule | undefined): Buffer {
  const records = { count: 0, dataBytes: 0, slices: page.map(({ slice }) => slice) };
  const around = { head: Buffer.from("["), tail: "]", droppedBytes: 0, margins };
  const bytes = bytesOf(encodeRecordRows(format, records, around, wasm));
  return bytes.subarray(margins.before, bytes.length - margins.after);
}

function expectedJson(page: readonly RandomSlice[]): string {
  const texts = page.flatMap(({ slice, records }) =>
    records.map(({ Data, PartitionKey }, index) => {
      const number = encodeSequenceNumber(slice.first) + BigInt(index) * SEQUENCE_NUMBER_STEP;
      return JSON.stringify({
        ApproximateArrivalTimestamp: slice.arrivalMs / 1000,
        Data: Buffer.from(Data).toString("base64"),
        ...(slice.kms ? { EncryptionType: "KMS" } : {}),
        ...(PartitionKey === undefined ? {} : { PartitionKey }),
        SequenceNumber: number.toString(),
      });
    }),
  );
  return `[${texts.map((text) => `${text},`).join("")}]`;
}
