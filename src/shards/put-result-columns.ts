import type { ShardBatches } from "../records/batch-by-shard.ts";
import type { PutResults, StoredRuns } from "../records/put-results.ts";
import { sequenceNumberText } from "../records/sequence-number-text.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import {
  encodeSequenceNumber,
  type SequenceNumberParts,
  SequenceNumberSeries,
} from "../streams/positions/sequence-number.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";

/** Of a record that its shard, or the engine, has no room for now. */
export const throttledCode = "ProvisionedThroughputExceededException";

/** Why a record was not stored, in the words of a PutRecords answer. */
export interface RecordFailure {
  readonly code: string;
  readonly message: string;
}

/** The answer of a put, filled in as its records are stored or fail. */
export class PutResultColumns implements PutResults {
  readonly count: number;
  failures?: Map<number, RecordFailure>;
  #stored: StoredRuns | undefined;
  /** Made when somebody asks; an answer of 500 records is better written without them. */
  #texts: ResultTexts | undefined;

  constructor(count: number) {
    this.count = count;
  }

  get stored(): StoredRuns {
    this.#stored ??= { ...noRuns, runOfRecord: new Int16Array(this.count).fill(-1) };
    return this.#stored;
  }

  get shardIds(): readonly (string | undefined)[] {
    this.#texts ??= textsOf(this.stored);
    return this.#texts.shardIds;
  }

  get sequenceNumbers(): readonly (string | undefined)[] {
    this.#texts ??= textsOf(this.stored);
    return this.#texts.sequenceNumbers;
  }

  /**
   * Takes over what was stored, `positions` being what `appendBatch` gave; returns the mask of records that met a sealed
   * shard, if any.
   */
  take(laidOut: ShardBatches, positions: BigUint64Array, map: ShardMap, timeMs: number): Uint8Array | undefined {
    this.#texts = undefined;
    const { slots, groupOfRecord } = laidOut;
    if (this.#stored === undefined && !positions.includes(0n)) {
      // Groups are runs then, number by number.
      this.#stored = { ...runsOf(slots, positions, map, timeMs), runOfRecord: groupOfRecord };
      return undefined;
    }
    const storedGroups = Array.from(slots.keys()).filter((group) => positions[group] !== 0n);
    const stored = runsOf(
      Uint16Array.from(storedGroups, (group) => slots[group] as number),
      BigUint64Array.from(storedGroups, (group) => positions[group] as bigint),
      map,
      timeMs,
    );
    const runOfGroup = new Int16Array(slots.length).fill(-1);
    for (const [run, group] of storedGroups.entries()) runOfGroup[group] = this.stored.positions.length + run;
    return this.#takePartly(groupOfRecord, runOfGroup, stored);
  }

  #takePartly(groupOfRecord: Int16Array, runOfGroup: Int16Array, more: Runs): Uint8Array | undefined {
    const runOfRecord = this.stored.runOfRecord.slice();
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
    this.#stored = { ...joined(this.stored, more), runOfRecord };
    return sealed;
  }

  fail(laidOut: ShardBatches, failure: RecordFailure): void {
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

type Runs = Omit<StoredRuns, "runOfRecord">;

const noRuns: Runs = {
  shardIndexes: new Uint32Array(0),
  createSeconds: new Float64Array(0),
  positions: new BigUint64Array(0),
  seconds: new Float64Array(0),
};

function runsOf(slots: Uint16Array, positions: BigUint64Array, map: ShardMap, timeMs: number): Runs {
  const { length } = slots;
  const shardIndexes = new Uint32Array(length);
  const createSeconds = new Float64Array(length);
  const seconds = new Float64Array(length);
  const second = Math.floor(timeMs / 1000);
  for (let run = 0; run < length; run++) {
    const slot = slots[run] as number;
    const createSecond = map.createSeconds[slot] as number;
    shardIndexes[run] = map.indexes[slot] as number;
    createSeconds[run] = createSecond;
    // As `recordSecond` has it.
    seconds[run] = second > createSecond ? second : createSecond;
  }
  return { shardIndexes, createSeconds, positions, seconds };
}

function joined(one: Runs, other: Runs): Runs {
  return {
    shardIndexes: Uint32Array.from([...one.shardIndexes, ...other.shardIndexes]),
    createSeconds: Float64Array.from([...one.createSeconds, ...other.createSeconds]),
    positions: BigUint64Array.from([...one.positions, ...other.positions]),
    seconds: Float64Array.from([...one.seconds, ...other.seconds]),
  };
}

interface ResultTexts {
  readonly shardIds: readonly (string | undefined)[];
  readonly sequenceNumbers: readonly (string | undefined)[];
}

function textsOf(stored: StoredRuns): ResultTexts {
  const { runOfRecord, shardIndexes } = stored;
  const { length } = runOfRecord;
  if (length === 1 && runOfRecord[0] === 0) {
    return {
      shardIds: [formatShardId(shardIndexes[0] as number)],
      sequenceNumbers: [sequenceNumberText(firstOf(stored, 0))],
    };
  }
  const shardIds: (string | undefined)[] = new Array(length).fill(undefined);
  const sequenceNumbers: (string | undefined)[] = new Array(length).fill(undefined);
  const series: SequenceNumberSeries[] = [];
  const namesOfRuns: string[] = [];
  for (let run = 0; run < shardIndexes.length; run++) {
    series.push(new SequenceNumberSeries(encodeSequenceNumber(firstOf(stored, run))));
    namesOfRuns.push(formatShardId(shardIndexes[run] as number));
  }
  for (let i = 0; i < length; i++) {
    const run = runOfRecord[i] as number;
    if (run < 0) continue;
    shardIds[i] = namesOfRuns[run];
    // Within a run the records keep the order of the request, so each series is simply read on.
    sequenceNumbers[i] = series[run]?.next();
  }
  return { shardIds, sequenceNumbers };
}

function firstOf(stored: StoredRuns, run: number): SequenceNumberParts {
  return {
    createSecond: stored.createSeconds[run] as number,
    shardIndex: stored.shardIndexes[run] as number,
    position: stored.positions[run] as bigint,
    second: stored.seconds[run] as number,
  };
}
