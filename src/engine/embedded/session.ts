import type { Clock } from "../../time/clock.ts";
import type { EntryReader } from "./entry-reader.ts";
import type { Ledger } from "./ledger.ts";
import type { LogWriter } from "./log-writer.ts";
import type { PagePool } from "./page-pool.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** What shards and the catalog work with while the engine is open. */
export interface Session {
  readonly ledger: Ledger;
  readonly writer: LogWriter;
  readonly entries: EntryReader;
  readonly segments: SegmentReader;
  readonly pages: PagePool;
  readonly clock: Clock;
}
