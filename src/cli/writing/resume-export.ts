import { closeSync, ftruncateSync, openSync, readSync, statSync } from "node:fs";
import { CommandError } from "../output/command-error.ts";
import { parseExportedLine } from "../records/exported-line.ts";

const chunkBytes = 4 * 1024 * 1024;
const newline = 10;

/**
 * The last sequence number of each shard in the file of an export that was cut short; none, if there is no file. Cuts a last
 * line off that has no end.
 */
export function resumePositions(path: string): Map<string, string> {
  const positions = new Map<string, string>();
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return positions;
  const file = openSync(path, "r+");
  try {
    let [wholeBytes, line] = [0, 0];
    let rest = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes);
      const count = readSync(file, chunk, 0, chunkBytes, wholeBytes + rest.length);
      if (count === 0) break;
      const all = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = all.indexOf(newline); end >= 0; end = all.indexOf(newline, start)) {
        addPosition(all.toString("utf8", start, end), `${path}:${++line}`, positions);
        start = end + 1;
      }
      wholeBytes += start;
      rest = all.subarray(start);
    }
    ftruncateSync(file, wholeBytes);
  } finally {
    closeSync(file);
  }
  return positions;
}

function addPosition(text: string, where: string, positions: Map<string, string>): void {
  const { shardId, sequenceNumber } = parseExportedLine(text, where);
  if (shardId === undefined || sequenceNumber === undefined) {
    throw new CommandError(
      `${where}: has no shardId and sequenceNumber, so it is not from an export that can be resumed`,
    );
  }
  positions.set(shardId, sequenceNumber);
}
