import assert from "node:assert/strict";
import type { Clock } from "../../time/clock.ts";
import type { Engine, EngineHealth, EngineLimits } from "../engine.ts";
import { chunkBytesFor } from "./memory-chunk.ts";
import { MemoryDocumentStore } from "./memory-document-store.ts";
import { MemoryShardLog, shardCountMax } from "./memory-shard-log.ts";

const entryBytesMax = 16 * 1024 * 1024;
/** Above this share of the budget, health warns that appends are about to be throttled. */
const budgetShareWarned = 0.95;

export interface MemoryEngineOptions {
  readonly clock: Clock;
  /** Memory for the entries of all shards. The catalog, small by nature, comes on top. */
  readonly memoryBudgetBytes: number;
}

/** Keeps everything in this process and forgets it at close. For tests, CI and data that may be lost. */
export class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly multiGateway = false;
  readonly limits: EngineLimits;
  readonly log: MemoryShardLog;
  readonly documents: MemoryDocumentStore;
  readonly #memoryBudgetBytes: number;
  #state: "new" | "open" | "closed" = "new";

  constructor({ clock, memoryBudgetBytes }: MemoryEngineOptions) {
    const overheadBytes = chunkBytesFor(0);
    assert(memoryBudgetBytes > overheadBytes, "the memory budget holds at least one entry");
    // An entry that no empty engine could take is too large, not throttled: a retry would never help.
    this.limits = { entryBytesMax: Math.min(entryBytesMax, memoryBudgetBytes - overheadBytes * 2), shardCountMax };
    this.log = new MemoryShardLog({ clock, memoryBudgetBytes, entryBytesMax: this.limits.entryBytesMax });
    this.documents = new MemoryDocumentStore();
    this.#memoryBudgetBytes = memoryBudgetBytes;
  }

  async open(): Promise<void> {
    assert.equal(this.#state, "new", "an engine is opened once");
    this.#state = "open";
    this.log.open();
    this.documents.open();
  }

  async health(): Promise<EngineHealth> {
    const share = this.log.usedBytes / this.#memoryBudgetBytes;
    const warning = `The memory budget is ${Math.round(share * 100)} % used; appends are throttled when it is full.`;
    return {
      ready: this.#state === "open",
      durable: false,
      degraded: share > budgetShareWarned ? [warning] : [],
      figures: {
        memory_bytes: this.log.usedBytes,
        memory_budget_bytes: this.#memoryBudgetBytes,
        shards: this.log.shardCount,
        catalog_documents: this.documents.documentCount,
      },
    };
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.log.close();
    this.documents.close();
  }
}
