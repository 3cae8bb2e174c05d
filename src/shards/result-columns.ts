// Hot path.
import type { LiveStream } from "../directory/live-stream.ts";
import type { AppendOutcome } from "../engine/shard-log.ts";
import type { LaidOut } from "../records/lay-out.ts";
import type { PutResults } from "../records/put-results.ts";
import { SequenceNumberSeries, sequenceNumberAt } from "../streams/sequence-number.ts";
import { formatShardId } from "../streams/shard-id.ts";

/** Of a record that its shard, or the engine, has no room for now. */
export const throttledCode = "ProvisionedThroughputExceededException";

/** Why a record was not stored, in the words of a PutRecords answer. */
export interface RecordFailure {
  readonly code: string;
  readonly message: string;
}

/** The answer of a put, filled in as its records are stored or fail. */
export class ResultColumns implements PutResults {
  readonly count: number;
  readonly shardIds: (string | undefined)[];
  readonly sequenceNumbers: (string | undefined)[];
  failures?: Map<number, RecordFailure>;

  constructor(count: number) {
    this.count = count;
    this.shardIds = new Array<string | undefined>(count);
    this.sequenceNumbers = new Array<string | undefined>(count);
  }

  /** Takes over what was stored; returns the mask of records that met a sealed shard, if any. */
  take(laidOut: LaidOut, outcomes: readonly AppendOutcome[], live: LiveStream, timeMs: number): Uint8Array | undefined {
    let sealed: Uint8Array | undefined;
    const shardIds: string[] = [];
    const numbers: (SequenceNumberSeries | undefined)[] = [];
    for (const [i, group] of laidOut.groups.entries()) {
      const shard = live.shardMap.shardAt(group.slot);
      const outcome = outcomes[i];
      shardIds.push(formatShardId(shard.index));
      numbers.push(
        outcome?.kind === "stored"
          ? new SequenceNumberSeries(sequenceNumberAt(shard, { position: outcome.position, timeMs }))
          : undefined,
      );
    }
    // Within a group the records keep the order of the request, so each series is simply read on.
    for (let i = 0; i < this.count; i++) {
      const group = laidOut.groupOfRecord[i] ?? -1;
      if (group < 0) continue;
      const series = numbers[group];
      if (series === undefined) {
        sealed ??= new Uint8Array(this.count);
        sealed[i] = 1;
      } else {
        this.shardIds[i] = shardIds[group];
        this.sequenceNumbers[i] = series.next();
      }
    }
    return sealed;
  }

  fail(laidOut: LaidOut, failure: RecordFailure): void {
    for (let i = 0; i < this.count; i++) if ((laidOut.groupOfRecord[i] ?? -1) >= 0) this.failOne(i, failure);
  }

  failRemaining(mask: Uint8Array, failure: RecordFailure): void {
    for (let i = 0; i < this.count; i++) if (mask[i] === 1) this.failOne(i, failure);
  }

  failOne(index: number, failure: RecordFailure): void {
    this.failures ??= new Map();
    this.failures.set(index, failure);
  }
}
