import type { ShardBatches } from "../records/batch-by-shard.ts";
import type { PutResults, StoredBatches } from "../records/put-results.ts";
import { sequenceNumberText } from "../records/sequence-number-text.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import {
  encodeSequenceNumber,
  type SequenceNumberParts,
  SequenceNumberSeries,
} from "../streams/positions/sequence-number.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";

/** The code of a record that its shard, or the engine, cannot take now. */
export const throttledCode = "ProvisionedThroughputExceededException";

/** Why a record was not stored, as a PutRecords response says it. */
export interface RecordFailure {
  readonly code: string;
  readonly message: string;
}

/** The results of a put, filled in as its records are stored or fail. */
export class PutResultColumns implements PutResults {
  readonly count: number;
  failures?: Map<number, RecordFailure>;
  #stored: StoredBatches | undefined;
  /** Made at the first use: a response of 500 records is written without them. */
  #texts: ResultTexts | undefined;

  constructor(count: number) {
    this.count = count;
  }

  get stored(): StoredBatches {
    this.#stored ??= { ...noBatches, batchOfRecord: new Int16Array(this.count).fill(-1) };
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
   * Adds what was stored, `positions` being what `appendBatch` returned. Returns the mask of fenced records, if
   * any, that did not fail.
   */
  add(batches: ShardBatches, positions: BigUint64Array, map: ShardMap, timeMs: number): Uint8Array | undefined {
    this.#texts = undefined;
    const { slots, batchOfRecord } = batches;
    if (this.#stored === undefined && !positions.includes(0n)) {
      this.#stored = { ...columnsOf(slots, positions, map, timeMs), batchOfRecord };
      return undefined;
    }
    const storedBatches = Array.from(slots.keys()).filter((batch) => positions[batch] !== 0n);
    const more = columnsOf(
      Uint16Array.from(storedBatches, (batch) => slots[batch] as number),
      BigUint64Array.from(storedBatches, (batch) => positions[batch] as bigint),
      map,
      timeMs,
    );
    const numberOf = new Int16Array(slots.length).fill(-1);
    for (const [index, batch] of storedBatches.entries()) numberOf[batch] = this.stored.positions.length + index;
    return this.#addPartly(batchOfRecord, numberOf, more);
  }

  /** `numberOf`: by batch of this append, its number among all that are stored; -1 where it is fenced. */
  #addPartly(batchOfRecord: Int16Array, numberOf: Int16Array, more: BatchColumns): Uint8Array | undefined {
    const numbers = this.stored.batchOfRecord.slice();
    let fenced: Uint8Array | undefined;
    for (let i = 0; i < this.count; i++) {
      const batch = batchOfRecord[i] ?? -1;
      if (batch < 0) continue;
      const number = numberOf[batch] as number;
      if (number >= 0) numbers[i] = number;
      else if (this.failures?.has(i) !== true) {
        fenced ??= new Uint8Array(this.count);
        fenced[i] = 1;
      }
    }
    this.#stored = { ...joined(this.stored, more), batchOfRecord: numbers };
    return fenced;
  }

  /** Every record of the batches. */
  fail({ batchOfRecord }: ShardBatches, failure: RecordFailure): void {
    for (let i = 0; i < this.count; i++) if ((batchOfRecord[i] ?? -1) >= 0) this.failOne(i, failure);
  }

  /** The records of some batches, by the number of the batch. Call it before `add` with the rest of the same append. */
  failBatches({ batchOfRecord }: ShardBatches, failures: ReadonlyMap<number, RecordFailure>): void {
    for (let i = 0; i < this.count; i++) {
      const failure = failures.get(batchOfRecord[i] ?? -1);
      if (failure !== undefined) this.failOne(i, failure);
    }
  }

  /** Every record whose byte in the mask is 1. */
  failMasked(mask: Uint8Array, failure: RecordFailure): void {
    for (let i = 0; i < this.count; i++) if (mask[i] === 1) this.failOne(i, failure);
  }

  failOne(index: number, failure: RecordFailure): void {
    this.failures ??= new Map();
    this.failures.set(index, failure);
  }
}

type BatchColumns = Omit<StoredBatches, "batchOfRecord">;

const noBatches: BatchColumns = {
  shardIndexes: new Uint32Array(0),
  createSeconds: new Float64Array(0),
  positions: new BigUint64Array(0),
  seconds: new Float64Array(0),
};

function columnsOf(slots: Uint16Array, positions: BigUint64Array, map: ShardMap, timeMs: number): BatchColumns {
  const { length } = slots;
  const shardIndexes = new Uint32Array(length);
  const createSeconds = new Float64Array(length);
  const seconds = new Float64Array(length);
  const second = Math.floor(timeMs / 1000);
  for (let batch = 0; batch < length; batch++) {
    const slot = slots[batch] as number;
    const createSecond = map.createSeconds[slot] as number;
    shardIndexes[batch] = map.indexes[slot] as number;
    createSeconds[batch] = createSecond;
    // As `recordSecond` has it.
    seconds[batch] = second > createSecond ? second : createSecond;
  }
  return { shardIndexes, createSeconds, positions, seconds };
}

function joined(one: BatchColumns, other: BatchColumns): BatchColumns {
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

function textsOf(stored: StoredBatches): ResultTexts {
  const { batchOfRecord, shardIndexes } = stored;
  const { length } = batchOfRecord;
  if (length === 1 && batchOfRecord[0] === 0) {
    return {
      shardIds: [formatShardId(shardIndexes[0] as number)],
      sequenceNumbers: [sequenceNumberText(firstOf(stored, 0))],
    };
  }
  const shardIds: (string | undefined)[] = new Array(length).fill(undefined);
  const sequenceNumbers: (string | undefined)[] = new Array(length).fill(undefined);
  const series: SequenceNumberSeries[] = [];
  const idsOfBatches: string[] = [];
  for (let batch = 0; batch < shardIndexes.length; batch++) {
    series.push(new SequenceNumberSeries(encodeSequenceNumber(firstOf(stored, batch))));
    idsOfBatches.push(formatShardId(shardIndexes[batch] as number));
  }
  for (let i = 0; i < length; i++) {
    const batch = batchOfRecord[i] as number;
    if (batch < 0) continue;
    shardIds[i] = idsOfBatches[batch];
    // Within a batch the records keep the order of the request, so each series is simply read on.
    sequenceNumbers[i] = series[batch]?.next();
  }
  return { shardIds, sequenceNumbers };
}

function firstOf(stored: StoredBatches, batch: number): SequenceNumberParts {
  return {
    createSecond: stored.createSeconds[batch] as number,
    shardIndex: stored.shardIndexes[batch] as number,
    position: stored.positions[batch] as bigint,
    second: stored.seconds[batch] as number,
  };
}
