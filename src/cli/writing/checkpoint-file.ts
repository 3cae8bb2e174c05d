import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { CommandError } from "../output/command-error.ts";
import { parsePosition, positionText, type SourcePosition } from "./source-progress.ts";

/** The file of `import --checkpoint`: `{"stream": …, "storedUpTo": {"shardId-…": "SEQUENCE"}}`. */
interface Checkpoint {
  readonly stream: string;
  readonly storedUpTo: Readonly<Record<string, string>>;
}

/** What an earlier import into `stream` has stored, by source; nothing if there is no file. */
export function readCheckpoint(path: string, stream: string): ReadonlyMap<string, SourcePosition> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
  const checkpoint = parseCheckpoint(text, path);
  if (checkpoint.stream !== stream) {
    throw new CommandError(
      `${path} is the checkpoint of an import into the stream ${checkpoint.stream}, not ${stream}; give another file`,
    );
  }
  return new Map(
    Object.entries(checkpoint.storedUpTo).map(([source, position]) => {
      const parsed = parsePosition(position);
      if (parsed === undefined) throw new CommandError(`${path}: ${position} is no position`);
      return [source, parsed];
    }),
  );
}

/** Replaces the file, so that a crash leaves the old one or the new one. */
export function writeCheckpoint(path: string, stream: string, positions: ReadonlyMap<string, SourcePosition>): void {
  const storedUpTo = Object.fromEntries([...positions].map(([source, position]) => [source, positionText(position)]));
  const fresh = `${path}.new`;
  const file = openSync(fresh, "w");
  try {
    writeSync(file, `${JSON.stringify({ stream, storedUpTo } satisfies Checkpoint)}\n`);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

function parseCheckpoint(text: string, path: string): Checkpoint {
  try {
    const value = JSON.parse(text) as Partial<Checkpoint>;
    if (typeof value.stream === "string" && typeof value.storedUpTo === "object") return value as Checkpoint;
  } catch {
    // As other files that are no checkpoint.
  }
  throw new CommandError(`${path} is no checkpoint of an import; give another file, or remove it to begin again`);
}
