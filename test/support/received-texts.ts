import { forEachRecord } from "../../src/records/entry-layout.ts";
import type { ReceivedRecords } from "../../src/records/received-records.ts";

/** The data of received records, as Latin-1. */
export function receivedTexts({ records }: ReceivedRecords): readonly string[] {
  const texts: string[] = [];
  for (const { body, start, end } of records.slices) {
    forEachRecord(body, start, end, (_keyStart, _keyBytes, dataStart, dataBytes) => {
      texts.push(Buffer.from(body.buffer, body.byteOffset + dataStart, dataBytes).toString("latin1"));
    });
  }
  return texts;
}
