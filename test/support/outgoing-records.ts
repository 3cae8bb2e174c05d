import assert from "node:assert/strict";
import { columnsOfValidRecords } from "../../src/protocol/records/put-columns.ts";
import {
  cutSlice,
  ENTRY_HEADER_BYTES,
  encodedBytes,
  writeEntryHeader,
  writeRecord,
} from "../../src/records/entry-layout.ts";
import type { RecordSlice } from "../../src/records/outgoing-records.ts";
import { parseSequenceNumber } from "../../src/streams/positions/sequence-number.ts";

export interface StoredRecord {
  readonly Data: Uint8Array;
  readonly PartitionKey?: string;
}

/** One stored entry with these records. */
export function entryOf(records: readonly StoredRecord[]): Uint8Array {
  const { records: columns, lease } = columnsOfValidRecords(records);
  const bytes = records.reduce((sum, _, index) => sum + encodedBytes(columns, index), ENTRY_HEADER_BYTES);
  const body = Buffer.alloc(bytes);
  let end = writeEntryHeader(body, 0, { kms: false });
  for (const index of records.keys()) end = writeRecord(body, end, columns, index);
  lease[Symbol.dispose]();
  return body;
}

/** Some of the records of an entry, numbered from the first of them. */
export function sliceOf(body: Uint8Array, { skip = 0, count, number, arrivalMs, kms }: SliceParts): RecordSlice {
  const { start, end } = cutSlice(body, { skip, countMax: count, dataBytesMax: Infinity, atLeastOne: true });
  const first = parseSequenceNumber(number.toString());
  assert(first?.version === 2);
  return { body, start, end, count, first, arrivalMs, kms };
}

interface SliceParts {
  readonly skip?: number;
  readonly count: number;
  readonly number: bigint;
  readonly arrivalMs: number;
  readonly kms: boolean;
}
