// Hot path.
import type { LiveStream } from "../directory/live-stream.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Append, AppendOutcome } from "../engine/shard-log.ts";
import { recordFailure } from "../model/record-errors.ts";
import type { IncomingRecords } from "../records/incoming-records.ts";
import { type LaidOut, layOut } from "../records/lay-out.ts";
import type { PutResults } from "../records/put-results.ts";
import { spreadEvenly } from "../records/spread-evenly.ts";
import { SequenceNumberSeries, sequenceNumberAt } from "../streams/sequence-number.ts";
import { formatShardId } from "../streams/shard-id.ts";
import type { ShardRoom } from "./shard-room.ts";

/** How long records that met a sealed shard wait for the split or merge to be visible. */
const switchWaitMsMax = 5_000;

/** A merge right behind a split may seal a child again before its first record arrives; more than this is a fault. */
const routesMax = 4;

/** Which shard an AUTO stream's next request begins with. One count for all streams spreads as evenly as one each. */
let autoTurn = 0;

/**
 * Routes the records to the open shards of the stream and stores them: one append, one await, whatever the number of
 * shards. Each record succeeds or fails alone. Records that meet a shard sealed by a split or merge are routed again by
 * the stream's next revision; they have not been stored, so nothing is stored twice.
 */
export async function storeRecords(room: ShardRoom, stream: LiveStream, records: IncomingRecords): Promise<PutResults> {
  const results = new ResultColumns(records.count);
  let live = stream;
  let admitted: Uint8Array | undefined;
  for (let route = 1; ; route++) {
    const placed =
      live.stream.recordDistribution === "AUTO" ? spreadEvenly(records, live.shardMap, autoTurn++) : records;
    const laidOut = layOut(placed, live.shardMap, admitted, { kms: live.stream.encryption !== undefined });
    const timeMs = room.clock.nowMs();
    const appends = laidOut.groups.map((group): Append => {
      const shard = live.shardMap.shardAt(group.slot);
      return { shard: live.ref(shard), entry: { count: group.count, timeMs, body: group.body } };
    });

    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await room.log.append(appends);
    } catch (error) {
      results.fail(laidOut, failureOf(error));
      return results;
    }

    admitted = results.take(laidOut, outcomes, live, timeMs);
    if (admitted === undefined) return results;
    const switched = await room.directory.superseded(live, AbortSignal.timeout(switchWaitMsMax));
    const next = room.directory.current(live);
    if (!switched || next === undefined || route === routesMax) {
      results.failRemaining(admitted, recordFailure);
      return results;
    }
    live = next;
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof EngineError)) throw error;
  if (error.kind === "throttled") return { code: "ProvisionedThroughputExceededException", message: error.message };
  return recordFailure;
}

class ResultColumns implements PutResults {
  readonly count: number;
  readonly shardIds: (string | undefined)[];
  readonly sequenceNumbers: (string | undefined)[];
  failures?: Map<number, Failure>;

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

  fail(laidOut: LaidOut, failure: Failure): void {
    for (let i = 0; i < this.count; i++) if ((laidOut.groupOfRecord[i] ?? -1) >= 0) this.#failOne(i, failure);
  }

  failRemaining(mask: Uint8Array, failure: Failure): void {
    for (let i = 0; i < this.count; i++) if (mask[i] === 1) this.#failOne(i, failure);
  }

  #failOne(index: number, failure: Failure): void {
    this.failures ??= new Map();
    this.failures.set(index, failure);
  }
}
