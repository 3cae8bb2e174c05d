import { randomInt } from "node:crypto";
import { EngineError } from "../engine/engine-error.ts";
import { findQueue } from "../streams/queue-ref.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import { commitGeneration } from "./commit-generation.ts";
import { loadQueueState } from "./load-queue.ts";
import { StateLog } from "./log/state-log.ts";
import type { OpenQueuesOptions } from "./open-queues.ts";
import { Queue } from "./queue.ts";
import type { QueueRef } from "./queue-calls.ts";
import { QueueOwnership } from "./queue-ownership.ts";
import type { SlotBudget } from "./queue-receives.ts";
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

interface Opening {
  readonly lost: () => void;
  /** Absent where one server alone has the queues. */
  readonly ownership?: QueueOwnership;
}

interface Opened {
  readonly queue: Queue;
  readonly stateLog: StateLog;
}

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

  /**
   * `growth` notes what the shards of the stream get from now on. `lost` is called when another gateway has taken the queue
   * over. Errors: EngineError.
   */
  async load(ref: QueueRef, growth: StreamGrowth, lost: () => void): Promise<Queue> {
    const { gateways, shards } = this.#options;
    if (gateways === undefined) return (await this.#open(ref, growth, { lost })).queue;
    for (;;) {
      const ownership = await QueueOwnership.confirm(gateways, ref.queue.id);
      const revision = shards.registry.current(ref.revision);
      const queue = revision === undefined ? undefined : findQueue(revision.stream, ref.queue.id);
      if (revision === undefined || queue === undefined) throw new EngineError("closed", "The queue is gone.");
      const stateLog = stateLogRef(queue);
      // What the owner before appends from now on is refused.
      await shards.log.seal(stateLog, ref.queue.id);
      const opened = await this.#open({ revision, queue }, growth, { lost, ownership });
      if (await opened.stateLog.takeOver(Math.max(ownership.generationMin, stateLog.shardIndex + 1)))
        return opened.queue;
      await opened.queue.close();
    }
  }

  async #open({ revision, queue: row }: QueueRef, growth: StreamGrowth, { lost, ownership }: Opening): Promise<Opened> {
    const { shards, handleKey, inFlightMax, changeBytesMax, newEpoch, densePositions = true } = this.#options;
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
      commit: (change) => commitGeneration(registry, revision, row.id, change),
      failed: (error) => backgroundTaskFailed.publish({ streamName: revision.stream.name, intent: "queue", error }),
      lost,
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
      densePositions,
      mayGive: () => ownership === undefined || ownership.isCertain,
    });
    return { queue, stateLog };
  }

  close(): void {
    this.#timer.close();
  }
}
