/** A record that a receive gave. Times are those of one clock, in any unit. */
export interface SeenDelivery {
  readonly recordId: string;
  readonly kind: "live" | "dead";
  readonly receiveCount: number;
  /** When the receive was sent, and when its response was there. */
  readonly sentAt: number;
  readonly gotAt: number;
  /** Until when the record is in flight at least. */
  readonly untilAt: number;
}

interface SeenRecord {
  isStored: boolean;
  /** When the response of an acknowledgement was there. */
  acknowledgedAt?: number;
  /** An acknowledgement was sent, and what became of it is not known. */
  isInDoubt: boolean;
  /** When the response with its last delivery was there. */
  gotAt: number;
  untilAt: number;
}

/**
 * What callers saw of a queue, and what of it must not be: a record that comes again after it was acknowledged, one that is in
 * flight twice, one that was received too often, and one that is lost.
 */
export class QueueHistory {
  readonly violations: string[] = [];
  readonly #records = new Map<string, SeenRecord>();
  readonly #receiveCountMax: number;
  #crashCount = 0;
  #deliveryCount = 0;
  #acknowledgedCount = 0;

  constructor(receiveCountMax = Number.POSITIVE_INFINITY) {
    this.#receiveCountMax = receiveCountMax;
  }

  get deliveryCount(): number {
    return this.#deliveryCount;
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount;
  }

  /** The put of the record was acknowledged. */
  stored(recordId: string): void {
    this.#of(recordId).isStored = true;
  }

  received({ recordId, kind, receiveCount, sentAt, gotAt, untilAt }: SeenDelivery): void {
    const record = this.#of(recordId);
    this.#deliveryCount += 1;
    const { acknowledgedAt } = record;
    if (acknowledgedAt !== undefined && sentAt > acknowledgedAt) {
      this.violations.push(`${recordId} was acknowledged at ${acknowledgedAt} and received again at ${gotAt}`);
    }
    // Responses may be seen in another order than they were sent: both are in flight at one time if neither had ended before
    // the other one was there.
    if (gotAt < record.untilAt && record.gotAt < untilAt) {
      this.violations.push(`${recordId} is in flight until ${record.untilAt} and was received again at ${gotAt}`);
    }
    const countMax = this.#receiveCountMax + this.#crashCount;
    if (receiveCount > countMax) {
      this.violations.push(`${recordId}, ${kind}, was received ${receiveCount} times, at most ${countMax}`);
    }
    if (receiveCount < 1) this.violations.push(`${recordId} was received with a count of ${receiveCount}`);
    record.gotAt = gotAt;
    record.untilAt = untilAt;
  }

  /** Its time was changed, or it was given back. */
  inFlightUntil(recordId: string, untilAt: number): void {
    this.#of(recordId).untilAt = untilAt;
  }

  /** A request that ends its time early was sent: it may be visible from now on. */
  mayBeVisible(recordId: string): void {
    this.#of(recordId).untilAt = 0;
  }

  acknowledged(recordId: string, answeredAt: number): void {
    const record = this.#of(recordId);
    if (record.acknowledgedAt === undefined) this.#acknowledgedCount += 1;
    record.acknowledgedAt ??= answeredAt;
  }

  /** An acknowledgement was sent. */
  acknowledging(recordId: string): void {
    this.#of(recordId).isInDoubt = true;
  }

  /** The process was killed, or the power cut: nothing is in flight any more. */
  crashed(): void {
    this.#crashCount += 1;
    for (const record of this.#records.values()) record.untilAt = 0;
  }

  /** The records that were stored and never acknowledged, not even perhaps: they must still be in the queue. */
  get owed(): readonly string[] {
    const owed: string[] = [];
    for (const [recordId, { isStored, isInDoubt }] of this.#records) if (isStored && !isInDoubt) owed.push(recordId);
    return owed;
  }

  /** The queue was received from until nothing came any more, and all of it acknowledged. */
  checkDrained(isExpired: (recordId: string) => boolean = () => false): void {
    for (const recordId of this.owed) {
      if (!isExpired(recordId)) this.violations.push(`${recordId} was stored, never acknowledged, and is lost`);
    }
  }

  #of(recordId: string): SeenRecord {
    let record = this.#records.get(recordId);
    if (record === undefined) {
      record = { isStored: false, isInDoubt: false, gotAt: 0, untilAt: 0 };
      this.#records.set(recordId, record);
    }
    return record;
  }
}
