import assert from "node:assert/strict";
import type { StoredEntry } from "../shard-log.ts";
import { type FrameHeader, frameCountMax, frameKind, wholeSlice } from "./format/frame.ts";
import type { LogState } from "./state/log-state.ts";
import { AppendCompletion } from "./wal/append-completion.ts";
import type { WalAdmission } from "./wal-admission.ts";

const nothing = Buffer.alloc(0);

/**
 * Writes entries at their positions. Positions between them, and those up to `next`, become skips: entries without a body,
 * which readers pass over. Resolves when all are durable.
 */
export async function writeCopiedEntries(
  writer: WalAdmission,
  log: LogState,
  entries: readonly StoredEntry[],
  next: number,
): Promise<void> {
  const span = entries.reduce((sum, { body }) => sum + writer.spanOf(body.length) + writer.spanOf(0), writer.spanOf(0));
  writer.requireSpace(span);
  const pending = new AppendCompletion();
  const submit = (header: Omit<FrameHeader, "kind" | "logId" | "position">, body: Buffer): void => {
    pending.expect();
    const head = { ...header, kind: frameKind.entry, logId: log.id, position: log.nextPosition };
    writer.submit(head, wholeSlice(body), pending);
    log.nextPosition += header.count;
    log.lastStoredMs = header.storedMs;
  };
  for (const { position, count, timeMs, storedMs, body } of entries) {
    const start = Number(position);
    assert(start >= log.nextPosition && Number.isSafeInteger(start + count), "copied entries are in order, below 2^53");
    // Times of servers may go back for a moment; those of a log here never do.
    const times = { timeMs, storedMs: Math.max(storedMs, log.lastStoredMs) };
    skipTo(log, start, (positions) => submit({ ...times, count: positions }, nothing));
    submit({ ...times, count }, Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  }
  const last = { timeMs: log.lastStoredMs, storedMs: log.lastStoredMs };
  skipTo(log, next, (positions) => submit({ ...last, count: positions }, nothing));
  await pending.completed();
}

function skipTo(log: LogState, position: number, skip: (positions: number) => void): void {
  while (log.nextPosition < position) skip(Math.min(position - log.nextPosition, frameCountMax));
}
