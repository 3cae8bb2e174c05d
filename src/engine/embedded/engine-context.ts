import type { Clock } from "../../time/clock.ts";
import type { ChunkPool } from "./io/chunk-pool.ts";
import type { EntryReader } from "./reading/entry-reader.ts";
import type { SegmentReader } from "./segments/segment-reader.ts";
import type { EngineState } from "./state/engine-state.ts";
import type { WalAdmission } from "./wal-admission.ts";

/** The parts of an open engine that shard logs and documents use. */
export interface EngineContext {
  readonly state: EngineState;
  readonly writer: WalAdmission;
  readonly entries: EntryReader;
  readonly segments: SegmentReader;
  readonly chunks: ChunkPool;
  readonly clock: Clock;
}
