import { setImmediate as nextTurn } from "node:timers/promises";
import type { DocumentStore } from "../../../src/engine/document-store.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { ShardLog } from "../../../src/engine/shard-log.ts";

/** Turns of the event loop in which a watch tells what has changed. */
const turnsOfWatch = 5;

/** Whether the gateway dies before it has made its last change, or after it and before it hears of that. */
export type Death = "before" | "after";

/**
 * One gateway's view of an engine that several share. At the change of which a test says so the gateway dies: neither that
 * call nor any later one returns, and nothing it does changes anything.
 */
export class MortalEngine {
  readonly died: Promise<void>;
  readonly engine: Engine;
  readonly #death = Promise.withResolvers<void>();
  #stepsLeft = Number.POSITIVE_INFINITY;
  #as: Death = "before";
  #isDead = false;

  constructor(shared: MemoryEngine) {
    this.died = this.#death.promise;
    const { log, documents } = shared;
    this.engine = {
      name: "shared memory",
      multiGateway: true,
      densePositions: false,
      limits: shared.limits,
      log: this.#logOf(log),
      documents: this.#documentsOf(documents),
      open: async () => undefined,
      health: () => shared.health(),
      close: async () => undefined,
    };
  }

  /** The gateway dies at its next change but so many. Beats do not count. */
  dieAt(step: number, as: Death): void {
    this.#stepsLeft = step;
    this.#as = as;
  }

  #logOf(log: ShardLog): ShardLog {
    return {
      createShard: (...args) => this.#change(() => log.createShard(...args)),
      append: (...args) => log.append(...args),
      appendBatch: (...args) => log.appendBatch(...args),
      read: (...args) => log.read(...args),
      seek: (...args) => log.seek(...args),
      follow: (...args) => log.follow(...args),
      seal: (...args) => this.#change(() => log.seal(...args)),
      fenceBefore: (...args) => this.#change(() => log.fenceBefore(...args)),
      setRetention: (...args) => this.#change(() => log.setRetention(...args)),
      dropShard: (...args) => this.#change(() => log.dropShard(...args)),
      dropStream: (...args) => this.#change(() => log.dropStream(...args)),
    };
  }

  #documentsOf(documents: DocumentStore): DocumentStore {
    return {
      get: (key) => documents.get(key),
      list: (prefix) => documents.list(prefix),
      watch: (prefix, signal) => documents.watch(prefix, signal),
      compareAndSwap: (key, value, revision) => {
        const isBeat = /^gateways\/[^/]+$/.test(key);
        return this.#change(() => documents.compareAndSwap(key, value, revision), isBeat ? 0 : 1);
      },
      async catchUp() {
        for (let turn = 0; turn < turnsOfWatch; turn++) await nextTurn();
      },
    };
  }

  async #change<T>(make: () => Promise<T>, steps = 1): Promise<T> {
    if (this.#isDead) return await never();
    if (this.#stepsLeft > 0 || steps === 0) {
      this.#stepsLeft -= steps;
      return await make();
    }
    this.#isDead = true;
    if (this.#as === "after") await make().catch(() => undefined);
    this.#death.resolve();
    return await never();
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
