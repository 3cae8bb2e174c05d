import { accountRateExceeded } from "../model/limit-errors.ts";
import type { OperationName } from "../model/shapes.generated.ts";
import { readRateExceeded, shardRateExceeded } from "../model/shard-errors.ts";
import { type StreamPlace, streamRateExceeded } from "../model/stream-errors.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import type { Stream } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";
import { CallLimits } from "./call-limits.ts";
import { callScope, type LimitsTable } from "./limits-table.ts";
import { ReadLimits } from "./read-limits.ts";
import type { PartlyAdmitted, RoutedRecords } from "./shard-write-throttle.ts";
import { WriteLimits } from "./write-limits.ts";

type StreamIdentity = Pick<Stream, "id" | "name" | "account">;

/**
 * The rates of one server. Where limits are off there is none of it, and callers write `limits?.admit…`. Quotas and daily
 * counts need no memory of their own: see `quotas.ts` and `daily-limits.ts`, which take `limits?.table`.
 *
 * Durations are measured on the clock that never falls, so that setting the wall clock throttles nobody.
 */
export class RateLimits {
  readonly table: LimitsTable;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #calls: CallLimits;
  readonly #reads: ReadLimits;
  readonly #writes: WriteLimits;

  constructor(table: LimitsTable, clock: Pick<Clock, "monotonicMs">) {
    this.table = table;
    this.#clock = clock;
    this.#calls = new CallLimits(table);
    this.#reads = new ReadLimits(table);
    this.#writes = new WriteLimits(table);
  }

  /**
   * One call of an operation whose calls count by account or stream; those that count by shard or consumer are admitted
   * below, where the shard is known. A call that names no stream where one is needed passes: its own answer tells more.
   *
   * Errors: LimitExceededException, which speaks of the stream if the call names one, whatever counts it.
   */
  chargeCallRate(
    operation: OperationName,
    caller: { readonly account: string; readonly region: string },
    stream?: StreamPlace,
  ): void {
    const scope = callScope(operation);
    if (scope !== "account" && (scope !== "stream" || stream === undefined)) return;
    const counted = scope === "account" || stream === undefined ? caller.account : `${stream.account}/${stream.name}`;
    if (this.#calls.admit(operation, `${caller.region}/${counted}`, this.#clock.monotonicMs())) return;
    throw stream === undefined ? accountRateExceeded(caller.account) : streamRateExceeded(stream);
  }

  /** GetShardIterator. Errors: ProvisionedThroughputExceededException. */
  admitIterator(stream: StreamIdentity, shardIndex: number): void {
    const isAdmitted = this.#calls.admit("GetShardIterator", shardKey(stream, shardIndex), this.#clock.monotonicMs());
    if (!isAdmitted) throw shardRateExceeded(stream, formatShardId(shardIndex));
  }

  /** GetRecords, before it reads: both its calls and what earlier pages brought. Errors: ProvisionedThroughputExceededException. */
  admitRead(stream: StreamIdentity, shardIndex: number): void {
    const key = shardKey(stream, shardIndex);
    const nowMs = this.#clock.monotonicMs();
    if (this.#reads.admit(key, nowMs) && this.#calls.admit("GetRecords", key, nowMs)) return;
    throw readRateExceeded(stream, formatShardId(shardIndex));
  }

  /** GetRecords, after it has read: the page's data without partition keys, as the limit of a page counts it. */
  chargeRead(stream: StreamIdentity, shardIndex: number, bytes: number): void {
    this.#reads.charge(shardKey(stream, shardIndex), bytes, this.#clock.monotonicMs());
  }

  /** SubscribeToShard. Errors: LimitExceededException. */
  admitSubscription(stream: StreamIdentity, shardIndex: number, consumerName: string): void {
    const key = `${shardKey(stream, shardIndex)}/${consumerName}`;
    if (!this.#calls.admit("SubscribeToShard", key, this.#clock.monotonicMs())) throw streamRateExceeded(stream);
  }

  /**
   * Which records of a PutRecord or PutRecords their shards take now; undefined for all of them. Once per request: records
   * that are routed again because their shard was split have been paid for.
   */
  admitRecords(routed: RoutedRecords, stream: Pick<Stream, "id" | "recordKiBMax">): PartlyAdmitted | undefined {
    return this.#writes.admit(routed, stream, this.#clock.monotonicMs());
  }
}

function shardKey({ id }: Pick<Stream, "id">, shardIndex: number): string {
  return `${id}/${shardIndex}`;
}
