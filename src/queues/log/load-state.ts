import type { ShardLog, ShardRef } from "../../engine/shard-log.ts";
import type { QueueState } from "../state/queue-state.ts";
import { applyEntry, entryKind } from "./state-entry.ts";

const pageLimit = { entriesMax: 4096, bytesMax: 1024 * 1024 };

/** What an entry takes beside its body, about. */
export const entryHeadBytes = 48;

export interface LoadedLog {
  /** Bytes up to the end of the snapshot that the log begins with, and behind it. */
  readonly snapshotBytes: number;
  readonly changeBytes: number;
  /** The log of the generation before, which may still be there. */
  readonly origin: ShardRef | undefined;
}

/** Applies all entries of a state log to a state that has a cursor for each shard. */
export async function loadState(log: ShardLog, ref: ShardRef, state: QueueState): Promise<LoadedLog> {
  let snapshotBytes = 0;
  let changeBytes = 0;
  let origin: ShardRef | undefined;
  for (let from = 1n; ; ) {
    const { entries, next, tip, lease } = await log.read(ref, from, pageLimit);
    for (const { body } of entries) {
      const entry = applyEntry(body, state);
      changeBytes += body.length + entryHeadBytes;
      if (entry.origin !== undefined) origin = { ...entry.origin, streamId: ref.streamId };
      if (entry.kind !== entryKind.end) continue;
      snapshotBytes = changeBytes;
      changeBytes = 0;
    }
    lease?.[Symbol.dispose]();
    if (next >= tip) return { snapshotBytes, changeBytes, origin };
    from = next;
  }
}
