import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { KinesisConnection, LostCall, RefusedCall } from "../../support/kinesis-connection.ts";
import { streamName } from "../../support/load-actors.ts";
import type { Mark, RawEntry, RawLogs } from "../../support/raw-logs.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { ServerProcess } from "../../support/start-server.ts";

const pauseMsMin = 100;
const pauseMsMax = 4_000;
const pollMs = 20;
const soonMs = 1_000;
/** Outages are shorter. */
const pollsMax = 3_000;

interface Summary {
  readonly StreamDescriptionSummary: { readonly StreamStatus: string };
}

/** A time in which the stream was ACTIVE with one encryption: what lies between the marks was stored within it. */
interface Interval {
  readonly isEncrypted: boolean;
  readonly from: Mark;
  readonly to: Mark;
}

/** Switches the encryption of the stream on and off, changes its key, and judges what was stored meanwhile. */
export class EncryptionChanger {
  readonly #random: SeededRandom;
  readonly #logs: RawLogs;
  readonly #intervals: Interval[] = [];
  #isEncrypted = false;

  constructor(random: SeededRandom, logs: RawLogs) {
    this.#random = random;
    this.#logs = logs;
  }

  /** Changes that were carried out for certain. */
  get changeCount(): number {
    return this.#intervals.length;
  }

  /** A change that fails is tried otherwise; what is stored until the next one that is carried out counts for nothing. */
  async changeUntil(isOver: () => boolean, gateways: readonly Pick<ServerProcess, "endpoint">[]): Promise<void> {
    while (!isOver()) {
      const stops = this.#isEncrypted && this.#random.next() < 0.4;
      const gateway = gateways[this.#random.integer(0, gateways.length - 1)];
      // The next change is one that has an effect, so that nothing of a failed one can have an effect after it.
      this.#isEncrypted = false;
      if (
        gateway === undefined ||
        !(await this.#change(stops ? "StopStreamEncryption" : "StartStreamEncryption", gateway))
      )
        continue;
      this.#isEncrypted = !stops;
      const from = await this.#logs.mark();
      await pause(this.#random.integer(pauseMsMin, pauseMsMax));
      this.#intervals.push({ isEncrypted: this.#isEncrypted, from, to: await this.#logs.mark() });
    }
  }

  /** Rejects at the first entry that was stored otherwise than the stream was encrypted by then. */
  async judge(): Promise<void> {
    const entries = await this.#logs.entriesBefore(await this.#logs.mark());
    let keyBefore = 0;
    for (const { isEncrypted, from, to } of this.#intervals) {
      const keys = new Set(entries.filter((entry) => isBetween(entry, from, to)).map(({ keyNumber }) => keyNumber));
      const [key] = keys;
      if (keys.size === 0) continue;
      assert.equal(keys.size, 1, `entries of one interval are stored under the keys ${[...keys].join(", ")}`);
      assert.equal(key !== undefined, isEncrypted, `entries of one interval are stored under key ${key}`);
      assert(key === undefined || key > keyBefore, `entries are stored under key ${key} after key ${keyBefore}`);
      keyBefore = key ?? keyBefore;
    }
  }

  /** Whether the change is carried out, for certain. */
  async #change(operation: string, gateway: Pick<ServerProcess, "endpoint">): Promise<boolean> {
    // A call that changes something is not to be left behind: it may have its effect later.
    if (!(await answersSoon(gateway))) return false;
    try {
      await callOnce(gateway, operation, { EncryptionType: "KMS", KeyId: "alias/chaos" });
    } catch (error) {
      if (!isTransient(error)) throw error;
      await pause(this.#random.integer(0, pauseMsMin));
      return false;
    }
    // The same gateway, which knows of the change: one that is cut off describes the stream as it was before.
    for (let polls = 0; polls < pollsMax; polls++, await pause(pollMs)) {
      try {
        const { StreamDescriptionSummary: summary } = await callOnce<Summary>(gateway, "DescribeStreamSummary", {});
        if (summary.StreamStatus === "ACTIVE") return true;
      } catch (error) {
        if (!isTransient(error)) throw error;
      }
    }
    throw new Error(`${operation} is not carried out after ${pollsMax} looks at the stream`);
  }
}

/** Not while a gateway is cut off or paused. */
async function answersSoon(gateway: Pick<ServerProcess, "endpoint">): Promise<boolean> {
  const answered = callOnce(gateway, "DescribeStreamSummary", {}).then(
    () => true,
    (error: unknown) => {
      if (!isTransient(error)) throw error;
      return false;
    },
  );
  return await Promise.race([answered, pause(soonMs, false)]);
}

/** A gateway that was started again has another endpoint. */
async function callOnce<Output>(
  { endpoint }: Pick<ServerProcess, "endpoint">,
  operation: string,
  input: object,
): Promise<Output> {
  const connection = new KinesisConnection(endpoint);
  try {
    return await connection.call<Output>(operation, { StreamName: streamName, ...input });
  } finally {
    connection.close();
  }
}

/** A fault or another change is under way. */
function isTransient(error: unknown): boolean {
  return error instanceof LostCall || error instanceof RefusedCall;
}

function isBetween({ group, sequence }: RawEntry, from: Mark, to: Mark): boolean {
  return sequence > (from.get(group) ?? 0) && sequence < (to.get(group) ?? 0);
}
