import assert from "node:assert/strict";
import { cborRows } from "../../../src/protocol/cbor/cbor-records.ts";
import { jsonRows } from "../../../src/protocol/json/json-records.ts";
import { type RowFormat, RowWriter } from "../../../src/protocol/records/row-writer.ts";
import { type WasmModule, wasmModule } from "../../../src/records/wasm-module.ts";
import { encodeSequenceNumber, SEQUENCE_NUMBER_STEP } from "../../../src/streams/positions/sequence-number.ts";
import { type RandomRun, randomPage } from "./random-page.ts";

const room = { before: 7, after: 5 };

/** Writes the pages of `count` seeds with the kernels, by plain means and with JSON.stringify; throws where they differ. */
export function compareRows(firstSeed: number, count: number): void {
  const machine = wasmModule();
  assert(machine !== undefined, "this machine runs the kernels");
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const page = randomPage(seed);
    for (const format of [jsonRows, cborRows]) {
      const byKernels = rows(format, page, machine);
      assert.ok(byKernels.equals(rows(format, page, undefined)), `seed ${seed}: ${format.kernel}`);
      if (format === jsonRows) assert.equal(byKernels.toString(), expectedJson(page), `seed ${seed}`);
    }
  }
}

function rows(format: RowFormat, page: readonly RandomRun[], machine: WasmModule | undefined): Buffer {
  const runs = page.map(({ run }) => run);
  const answer = new RowWriter(format, runs, { head: Buffer.from("["), room, machine }).finish("]", 0);
  return Buffer.from(answer.subarray(room.before, answer.length - room.after));
}

function expectedJson(page: readonly RandomRun[]): string {
  const texts = page.flatMap(({ run, records }) =>
    records.map(({ Data, PartitionKey }, index) => {
      const number = encodeSequenceNumber(run.first) + BigInt(index) * SEQUENCE_NUMBER_STEP;
      return JSON.stringify({
        ApproximateArrivalTimestamp: run.arrivalMs / 1000,
        Data: Buffer.from(Data).toString("base64"),
        ...(run.kms ? { EncryptionType: "KMS" } : {}),
        ...(PartitionKey === undefined ? {} : { PartitionKey }),
        SequenceNumber: number.toString(),
      });
    }),
  );
  return `[${texts.map((text) => `${text},`).join("")}]`;
}
