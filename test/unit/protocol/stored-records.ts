import { columnsOfChecked } from "../../../src/protocol/record-columns.ts";
import { ENTRY_HEADER_BYTES, encodedBytes, writeEntryHeader, writeRecord } from "../../../src/records/entry-layout.ts";

export interface StoredRecord {
  readonly Data: Uint8Array;
  readonly PartitionKey?: string;
}

/** One stored entry with these records. */
export function entryOf(records: readonly StoredRecord[]): Uint8Array {
  const columns = columnsOfChecked(records);
  const bytes = records.reduce((sum, _, index) => sum + encodedBytes(columns, index), ENTRY_HEADER_BYTES);
  const body = Buffer.alloc(bytes);
  let end = writeEntryHeader(body, 0, { kms: false });
  for (const index of records.keys()) end = writeRecord(body, end, columns, index);
  return body;
}
