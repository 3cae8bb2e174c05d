import assert from "node:assert/strict";
import type { DeliveryReceipt } from "../../../src/queues/state/delivery-receipt.ts";

/** What a record is, said in words. `held`: acknowledged or restored, and that is not durable yet. */
export interface ModelRecord {
  readonly shardIndex: number;
  readonly position: number;
  status: "unseen" | "in flight" | "waiting" | "held" | "done";
  isDead: boolean;
  receiveCount: number;
  firstReceiveSecond: number;
  nonce: number;
  deadlineTick: number;
}

/** A change that was written to the log. */
export type ModelChange = Pick<ModelRecord, "shardIndex" | "position"> &
  (
    | { readonly kind: "done" }
    | { readonly kind: "counted" | "dead"; readonly receiveCount: number; readonly second: number }
  );

/** A queue as one would write it without a thought for memory or time: one object a record. */
export class RecordModel {
  readonly records = new Map<string, ModelRecord>();
  receiveCountMax = Number.POSITIVE_INFINITY;

  find({ shardIndex, position }: Pick<ModelRecord, "shardIndex" | "position">): ModelRecord | undefined {
    return this.records.get(keyOf(shardIndex, position));
  }

  require(shardIndex: number, position: number): ModelRecord {
    const record = this.records.get(keyOf(shardIndex, position));
    assert(record !== undefined, `record ${keyOf(shardIndex, position)} exists`);
    return record;
  }

  put(shardIndex: number, position: number): void {
    this.records.set(keyOf(shardIndex, position), {
      shardIndex,
      position,
      status: "unseen",
      isDead: false,
      receiveCount: 0,
      firstReceiveSecond: 0,
      nonce: 0,
      deadlineTick: 0,
    });
  }

  count(matches: (record: ModelRecord) => boolean): number {
    let count = 0;
    for (const record of this.records.values()) if (matches(record)) count += 1;
    return count;
  }

  /** The change to write down, if any. */
  endDelivery(record: ModelRecord): ModelChange | undefined {
    const wasDead = record.isDead;
    record.status = "waiting";
    record.deadlineTick = 0;
    if (record.receiveCount >= this.receiveCountMax) record.isDead = true;
    if (wasDead) return undefined;
    const { shardIndex, position, receiveCount, firstReceiveSecond: second } = record;
    return { kind: record.isDead ? "dead" : "counted", shardIndex, position, receiveCount, second };
  }

  expireBelow(shardIndex: number, position: number): void {
    for (const [key, record] of this.records) {
      if (record.shardIndex === shardIndex && record.position < position) this.records.delete(key);
    }
  }

  /** What the answer to an acknowledgement depends on. */
  standingOf(delivery: DeliveryReceipt): "current" | "unseen" | "done" | "superseded" {
    const record = this.find(delivery);
    if (record === undefined || record.status === "done") return "done";
    if (record.status === "unseen" && record.receiveCount === 0 && record.nonce === 0 && !record.isDead) {
      return delivery.isOfThisEpoch || delivery.isDead ? "superseded" : "unseen";
    }
    const isNewest = delivery.isOfThisEpoch ? record.nonce === delivery.nonce : record.nonce === 0;
    return isNewest && delivery.isDead === record.isDead ? "current" : "superseded";
  }

  /** Everything that was not written down is forgotten. */
  crash(durable: readonly ModelChange[]): void {
    for (const record of this.records.values()) {
      Object.assign(record, {
        status: "unseen",
        isDead: false,
        receiveCount: 0,
        firstReceiveSecond: 0,
        nonce: 0,
        deadlineTick: 0,
      });
    }
    for (const change of durable) {
      const record = this.find(change);
      if (record === undefined || record.status === "done") continue;
      if (change.kind === "done") record.status = "done";
      else {
        record.status = "waiting";
        record.isDead = change.kind === "dead";
        record.receiveCount = change.receiveCount;
        record.firstReceiveSecond = change.second;
      }
    }
  }
}

function keyOf(shardIndex: number, position: number): string {
  return `${shardIndex}/${position}`;
}
