import assert from "node:assert/strict";
import type { Clock } from "../../time/clock.ts";
import type { Engine, EngineHealth, EngineLimits } from "../engine.ts";
import { chunkBytesFor } from "./memory-chunk.ts";
import { MemoryDocumentStore } from "./memory-document-store.ts";
import { MemoryShardLog, memoryShardCountMax } from "./memory-shard-log.ts";

const entryBytesMax = 16 * 1024 * 1024;
/** Above this share of the budget, health warns that appends will soon be throttled. */
const budgetShareWarned = 0.95;

export interface MemoryEngineOptions {
  readonly clock: Clock;
  /** Bytes for the entries of all shards. Documents are small and are not counted. */
  readonly memoryBudgetBytes: number;
}

/** Keeps everything in memory and loses it at close. For tests, CI and data that may be lost. */
export class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly multiGateway = false;
  readonly densePositions = true;
  readonly limits: EngineLimits;
  readonly log: MemoryShardLog;
  readonly documents: MemoryDocumentStore;
  readonly #memoryBudgetBytes: number;
  #state: "new" | "open" | "closed" = "new";

  constructor({ clock, memoryBudgetBytes }: MemoryEngineOptions) {
    const overheadBytes = chunkBytesFor(0);
    assert(memoryBudgetBytes > overheadBytes, "the memory budget holds at least one entry");
    // An entry that does not fit an empty engine is `too_large`, not `throttled`: a retry cannot succeed.
    this.limits = {
      entryBytesMax: Math.min(entryBytesMax, memoryBudgetBytes - overheadBytes * 2),
      shardCountMax: memoryShardCountMax,
    };
    this.log = new MemoryShardLog({ clock, memoryBudgetBytes, entryBytesMax: this.limits.entryBytesMax });
    this.documents = new MemoryDocumentStore();
    this.#memoryBudgetBytes = memoryBudgetBytes;
  }

  async open(): Promise<void> {
    assert.equal(this.#state, "new", "open() is called once");
    this.#state = "open";
    this.log.open();
    this.documents.open();
  }

  async health(): Promise<EngineHealth> {
    const share = this.log.usedBytes / this.#memoryBudgetBytes;
    const warning = `The memory budget is ${Math.round(share * 100)} % used. At 100 % records are refused until others expire; shorten the retention of streams, delete streams, or raise --memory-budget.`;
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
