import { randomInt } from "node:crypto";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import { commitGeneration } from "./commit-generation.ts";
import { loadQueueState } from "./load-queue.ts";
import { StateLog } from "./log/state-log.ts";
import type { OpenQueuesOptions } from "./open-queues.ts";
import { Queue, type SlotBudget } from "./queue.ts";
import type { QueueRef } from "./queue-calls.ts";
import { QueueTimer } from "./queue-timer.ts";
import { ReceiptHandleCipher } from "./receipt-handle.ts";
import { RecordCacheBudget } from "./record-cache.ts";
import { QueueState } from "./state/queue-state.ts";
import { stateLogRef } from "./state-log-ref.ts";
import type { StreamGrowth } from "./stream-growth.ts";

/** Records in flight in one queue; the limit of the service is 120,000. */
const inFlightMaxDefault = 1_000_000;
/** Records in the delivery tables of all queues: in flight, to be received again, or dead letters. 40 to 50 bytes each. */
const slotsMax = 4_000_000;

const changeBytesMaxDefault = 256 * 1024;
const epochCeiling = 2 ** 32;

/** Loads queues into memory, and has what all queues of a server share. */
export class QueueLoader {
  readonly #options: OpenQueuesOptions;
  readonly #timer: QueueTimer;
  readonly #cacheBudget = new RecordCacheBudget();
  readonly #slots: SlotBudget = { usedCount: 0, countMax: slotsMax };

  constructor(options: OpenQueuesOptions) {
    this.#options = options;
    this.#timer = new QueueTimer(options.shards.clock);
  }

  /** `growth` notes what the shards of the stream get from now on. Errors: EngineError. */
  async load({ revision, queue: row }: QueueRef, growth: StreamGrowth): Promise<Queue> {
    const { shards, handleKey, inFlightMax, changeBytesMax, newEpoch } = this.#options;
    const { log, clock, registry } = shards;
    let queue: Queue | undefined;
    const state = new QueueState({ tick: this.#timer.nowTick, ended: (slot) => queue?.deliveryEnded(slot) });
    const loaded = await loadQueueState(shards, revision, row, state);
    const stateLog = new StateLog({
      log,
      clock,
      ref: stateLogRef(row),
      loaded,
      state,
      changeBytesMax: changeBytesMax ?? changeBytesMaxDefault,
      commit: (next) => commitGeneration(registry, revision, row.id, next),
      failed: (error) => backgroundTaskFailed.publish({ streamName: revision.stream.name, intent: "queue", error }),
    });
    const epoch = newEpoch?.() ?? randomInt(epochCeiling);
    queue = new Queue({
      services: shards,
      revision,
      row,
      state,
      stateLog,
      growth,
      handles: new ReceiptHandleCipher(handleKey, row.id, epoch),
      timer: this.#timer,
      cacheBudget: this.#cacheBudget,
      slots: this.#slots,
      inFlightMax: inFlightMax ?? inFlightMaxDefault,
    });
    return queue;
  }

  close(): void {
    this.#timer.close();
  }
}
