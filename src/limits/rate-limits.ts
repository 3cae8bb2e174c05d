import { accountRateExceeded } from "../model/limit-errors.ts";
import type { OperationName } from "../model/shapes.generated.ts";
import { readRateExceeded, shardRateExceeded } from "../model/shard-errors.ts";
import { type StreamPlace, streamRateExceeded } from "../model/stream-errors.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import type { Stream } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";
import { CallLimits } from "./call-limits.ts";
import { callScope, type LimitsTable, partOfRates } from "./limits-table.ts";
import { ReadByteLimits } from "./read-byte-limits.ts";
import type { PartlyAdmitted, RoutedRecords } from "./shard-write-throttle.ts";
import { WriteLimits } from "./write-limits.ts";

type StreamIdentity = Pick<Stream, "id" | "name" | "account">;

/**
 * The rate limits of one server; absent where limits are off, so callers write `limits?.admit…`. Quotas and daily counts,
 * which have no state here, use `limits?.table`: see `quotas.ts` and `daily-limits.ts`.
 *
 * Time is monotonic, so that setting the wall clock throttles no client.
 */
export class RateLimits {
  readonly table: LimitsTable;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #calls: CallLimits;
  #reads: ReadByteLimits;
  #writes: WriteLimits;
  #sharerCount = 1;

  constructor(table: LimitsTable, clock: Pick<Clock, "monotonicMs">) {
    this.table = table;
    this.#clock = clock;
    this.#calls = new CallLimits(table);
    this.#reads = new ReadByteLimits(table);
    this.#writes = new WriteLimits(table);
  }

  /**
   * Shares the rates among so many gateways: this one allows its part of them. Budgets that are used up are forgotten when
   * the number changes. `table` has the whole rates.
   */
  shareAmong(gatewayCount: number): void {
    if (gatewayCount === this.#sharerCount) return;
    this.#sharerCount = gatewayCount;
    const part = partOfRates(this.table, gatewayCount);
    this.#calls = new CallLimits(part);
    this.#reads = new ReadByteLimits(part);
    this.#writes = new WriteLimits(part);
  }

  /**
   * Charges one call of an operation that is counted by account or stream. Calls counted by shard or consumer use the
   * methods below. A call without a required stream name is not charged, because it fails anyway.
   *
   * Errors: LimitExceededException; its text names the stream if the call does.
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

  /** Charges a GetShardIterator. Errors: ProvisionedThroughputExceededException. */
  admitIterator(stream: StreamIdentity, shardIndex: number): void {
    const isAdmitted = this.#calls.admit("GetShardIterator", shardKey(stream, shardIndex), this.#clock.monotonicMs());
    if (!isAdmitted) throw shardRateExceeded(stream, formatShardId(shardIndex));
  }

  /** Checks the rates of calls and bytes before a GetRecords reads. Errors: ProvisionedThroughputExceededException. */
  admitRead(stream: StreamIdentity, shardIndex: number): void {
    const key = shardKey(stream, shardIndex);
    const nowMs = this.#clock.monotonicMs();
    if (this.#reads.admit(key, nowMs) && this.#calls.admit("GetRecords", key, nowMs)) return;
    throw readRateExceeded(stream, formatShardId(shardIndex));
  }

  /** Charges a GetRecords after it has read. `bytes`: data without partition keys, as for the limit of one response. */
  chargeRead(stream: StreamIdentity, shardIndex: number, bytes: number): void {
    this.#reads.charge(shardKey(stream, shardIndex), bytes, this.#clock.monotonicMs());
  }

  /** Charges a SubscribeToShard. Errors: LimitExceededException. */
  admitSubscription(stream: StreamIdentity, shardIndex: number, consumerName: string): void {
    const key = `${shardKey(stream, shardIndex)}/${consumerName}`;
    if (!this.#calls.admit("SubscribeToShard", key, this.#clock.monotonicMs())) throw streamRateExceeded(stream);
  }

  /**
   * The records of a PutRecord or PutRecords that are within the rates of their shards; undefined for all. Call it once for
   * a request: records that are routed again after a split are not charged again.
   */
  admitRecords(
    routed: RoutedRecords,
    stream: Pick<Stream, "id" | "recordKiBMax" | "mode">,
  ): PartlyAdmitted | undefined {
    return this.#writes.admit(routed, stream, this.#clock.monotonicMs());
  }
}

function shardKey({ id }: Pick<Stream, "id">, shardIndex: number): string {
  return `${id}/${shardIndex}`;
}
