import type { LogState } from "./log-state.ts";
import { generationOf } from "./wal-index.ts";

/** Bytes of the WAL that the index of a log spans, all of it or those of one file; at least those of its entries. */
export function indexedWalBytes({ index }: LogState, generation?: number): number {
  let bytes = 0;
  for (let point = 0; point < index.count; point++) {
    if (generation === undefined || generationOf(index.addressAt(point)) === generation) bytes += index.spanAt(point);
  }
  return bytes;
}
