// Hot path.
import type { LiveStream } from "../directory/live-stream.ts";
import type { AppendOutcome } from "../engine/shard-log.ts";
import type { LaidOut } from "../records/lay-out.ts";
import type { PutResults, StoredRun, StoredRuns } from "../records/put-results.ts";
import { sequenceNumberText } from "../records/sequence-text.ts";
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
  failures?: Map<number, RecordFailure>;
  readonly #runs: StoredRun[] = [];
  #runOfRecord: Int16Array | undefined;
  /** Made when somebody asks; an answer of 500 records is better written without them. */
  #texts: ResultTexts | undefined;

  constructor(count: number) {
    this.count = count;
  }

  get stored(): StoredRuns {
    return { runs: this.#runs, runOfRecord: this.#runColumn() };
  }

  get shardIds(): readonly (string | undefined)[] {
    this.#texts ??= textsOf(this.stored);
    return this.#texts.shardIds;
  }

  get sequenceNumbers(): readonly (string | undefined)[] {
    this.#texts ??= textsOf(this.stored);
    return this.#texts.sequenceNumbers;
  }

  /** Takes over what was stored; returns the mask of records that met a sealed shard, if any. */
  take(laidOut: LaidOut, outcomes: readonly AppendOutcome[], live: LiveStream, timeMs: number): Uint8Array | undefined {
    const { groups, groupOfRecord } = laidOut;
    this.#texts = undefined;
    const runsBefore = this.#runs.length;
    for (let group = 0; group < groups.length; group++) {
      const outcome = outcomes[group];
      if (outcome?.kind !== "stored") continue;
      const shard = live.shardMap.shardAt(groups[group]?.slot ?? -1);
      this.#runs.push({ shard, position: outcome.position, timeMs });
    }
    if (runsBefore === 0 && this.#runs.length === groups.length) {
      // Groups are runs then, number by number.
      this.#runOfRecord = groupOfRecord;
      return undefined;
    }
    let run = runsBefore;
    const runOfGroup = Int16Array.from(groups, (_, group) => (outcomes[group]?.kind === "stored" ? run++ : -1));
    return this.#takePartly(groupOfRecord, runOfGroup);
  }

  #takePartly(groupOfRecord: Int16Array, runOfGroup: Int16Array): Uint8Array | undefined {
    const runOfRecord = this.#runColumn();
    let sealed: Uint8Array | undefined;
    for (let i = 0; i < this.count; i++) {
      const group = groupOfRecord[i] ?? -1;
      if (group < 0) continue;
      const run = runOfGroup[group] as number;
      if (run >= 0) runOfRecord[i] = run;
      else {
        sealed ??= new Uint8Array(this.count);
        sealed[i] = 1;
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

  #runColumn(): Int16Array {
    this.#runOfRecord ??= new Int16Array(this.count).fill(-1);
    return this.#runOfRecord;
  }
}

interface ResultTexts {
  readonly shardIds: readonly (string | undefined)[];
  readonly sequenceNumbers: readonly (string | undefined)[];
}

function textsOf({ runs, runOfRecord }: StoredRuns): ResultTexts {
  const shardIds: (string | undefined)[] = new Array(runOfRecord.length).fill(undefined);
  const sequenceNumbers: (string | undefined)[] = new Array(runOfRecord.length).fill(undefined);
  const series: (SequenceNumberSeries | undefined)[] = new Array(runs.length).fill(undefined);
  const namesOfRuns = runs.map(({ shard }) => formatShardId(shard.index));
  for (let i = 0; i < runOfRecord.length; i++) {
    const run = runOfRecord[i] as number;
    const stored = runs[run];
    if (stored === undefined) continue;
    shardIds[i] = namesOfRuns[run];
    if (runOfRecord.length === 1) {
      sequenceNumbers[i] = sequenceNumberText(stored.shard, stored);
    } else {
      // Within a run the records keep the order of the request, so each series is simply read on.
      series[run] ??= new SequenceNumberSeries(sequenceNumberAt(stored.shard, stored));
      sequenceNumbers[i] = series[run].next();
    }
  }
  return { shardIds, sequenceNumbers };
}
