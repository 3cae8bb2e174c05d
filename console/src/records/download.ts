import { ndjsonLine, type StreamRecord } from "./record.ts";

/** Saves records as a file with one JSON object a line. */
export function downloadNdjson(stream: string, records: readonly StreamRecord[]): void {
  const lines = records.map((record) => `${ndjsonLine(record)}\n`);
  const url = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${stream}.ndjson`;
  link.click();
  // The browser has the file by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
