import assert from "node:assert/strict";
import type { Engine } from "../../src/engine/engine.ts";
import { EngineError } from "../../src/engine/engine-error.ts";
import type { ShardRef, StoredEntry } from "../../src/engine/shard-log.ts";

const page = { entriesMax: 5, bytesMax: 100_000 };

/** An append as it was sent, and what came of it. */
interface Sent {
  readonly text: string;
  readonly count: number;
  readonly sentMs: number;
  position: bigint | undefined;
}

interface ShardHistory {
  readonly name: string;
  ref: ShardRef | undefined;
  readonly sent: Sent[];
  /** 0: for ever. */
  retentionMs: number;
  /** What was sent before may be gone by an earlier retention. */
  horizonMs: number;
  seal: "none" | "sent" | "acknowledged";
  drop: "none" | "sent" | "acknowledged";
}

/** One value that a document was to have; `undefined` for absent. */
interface Version {
  readonly value: string | undefined;
  isAcknowledged: boolean;
}

/**
 * Does things to an engine and remembers what was acknowledged. Whatever the disk went through meanwhile, `verify()` holds
 * a later engine to it: all that was acknowledged is there, what was not is whole or absent, and nothing is out of order.
 */
export class LogHistory {
  readonly #shards = new Map<string, ShardHistory>();
  readonly #documents = new Map<string, Version[]>([]);
  readonly #nowMs: () => number;
  readonly #forks: LogHistory[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * For a copy that is about to be taken: what has been acknowledged by now must be in it. What is done to this history
   * from now on may be in it or not.
   */
  fork(): LogHistory {
    const fork = new LogHistory(this.#nowMs);
    for (const [name, shard] of this.#shards) {
      fork.#shards.set(name, { ...shard, sent: shard.sent.map((one) => ({ ...one })) });
    }
    for (const [key, versions] of this.#documents) {
      fork.#documents.set(
        key,
        versions.map((version) => ({ ...version })),
      );
    }
    this.#forks.push(fork);
    return fork;
  }

  async create(engine: Engine, name: string): Promise<void> {
    const shard: ShardHistory = {
      name,
      ref: undefined,
      sent: [],
      retentionMs: 0,
      horizonMs: 0,
      seal: "none",
      drop: "none",
    };
    this.#shards.set(name, shard);
    shard.ref = await engine.log.createShard(`stream-${name}`, 0, { openShardCount: 1 });
  }

  /** Entries for several shards in one call. */
  async append(
    engine: Engine,
    parts: readonly { readonly shard: string; readonly text: string; readonly count: number }[],
  ) {
    const sent = parts.map(({ shard: name, text, count }) => {
      const shard = this.#shard(name);
      const one: Sent = { text, count, sentMs: this.#nowMs(), position: undefined };
      if (shard.seal === "none") {
        shard.sent.push(one);
        this.#tellForks(name, (same) => same.sent.push({ ...one }));
      }
      assert(shard.ref !== undefined);
      return { one, append: { shard: shard.ref, entry: { count, timeMs: this.#nowMs(), body: Buffer.from(text) } } };
    });
    const outcomes = await engine.log.append(sent.map(({ append }) => append));
    for (const [index, outcome] of outcomes.entries()) {
      const one = sent[index]?.one;
      assert(one !== undefined);
      if (outcome.kind === "stored") one.position = outcome.position;
      else assert.notEqual(this.#shard(parts[index]?.shard ?? "").seal, "none");
    }
  }

  /** From now on what is older may be gone, oldest first. */
  async retain(engine: Engine, name: string, retentionMs: number): Promise<void> {
    const shard = this.#shard(name);
    assert(shard.ref !== undefined);
    shard.horizonMs = this.#horizonOf(shard);
    shard.retentionMs = retentionMs;
    this.#tellForks(name, (same) => {
      same.retentionMs = retentionMs;
    });
    await engine.log.setRetention(`stream-${name}`, [shard.ref], retentionMs);
  }

  async seal(engine: Engine, name: string): Promise<void> {
    const shard = this.#shard(name);
    assert(shard.ref !== undefined);
    shard.seal = "sent";
    this.#tellForks(name, (same) => {
      same.seal = "sent";
    });
    await engine.log.seal(shard.ref, `seal-${name}`);
    shard.seal = "acknowledged";
  }

  async drop(engine: Engine, name: string): Promise<void> {
    const shard = this.#shard(name);
    assert(shard.ref !== undefined);
    shard.drop = "sent";
    this.#tellForks(name, (same) => {
      same.drop = "sent";
    });
    await engine.log.dropShard(shard.ref);
    shard.drop = "acknowledged";
  }

  /** Each shard here is its stream's only one. */
  async dropStream(engine: Engine, name: string): Promise<void> {
    const shard = this.#shard(name);
    assert(shard.ref !== undefined);
    shard.drop = "sent";
    await engine.log.dropStream(`stream-${name}`, [shard.ref]);
    shard.drop = "acknowledged";
  }

  async put(engine: Engine, key: string, value: string | undefined): Promise<void> {
    const versions = this.#documents.get(key) ?? [{ value: undefined, isAcknowledged: true }];
    this.#documents.set(key, versions);
    const present = await engine.documents.get(key);
    const version: Version = { value, isAcknowledged: false };
    versions.push(version);
    for (const fork of this.#forks) {
      const known = fork.#documents.get(key) ?? [{ value: undefined, isAcknowledged: true }];
      fork.#documents.set(key, known);
      known.push({ value, isAcknowledged: false });
    }
    await engine.documents.compareAndSwap(
      key,
      value === undefined ? null : Buffer.from(value),
      present?.revision ?? 0n,
    );
    version.isAcknowledged = true;
  }

  /** Checks the engine, then takes what it serves for acknowledged: it may not change its mind afterwards. */
  async verify(engine: Engine): Promise<void> {
    for (const shard of this.#shards.values()) await this.#verifyShard(engine, shard);
    for (const [key, versions] of this.#documents) {
      const found = await engine.documents.get(key);
      const value = found === undefined ? undefined : Buffer.from(found.value).toString();
      const first = versions.findLastIndex(({ isAcknowledged }) => isAcknowledged);
      const allowed = versions.slice(first);
      const served = allowed.findLast((version) => version.value === value);
      assert(
        served !== undefined,
        `${key} is ${value}, not one of ${allowed.map((version) => version.value).join(", ")}`,
      );
      versions.splice(0, versions.length, { value, isAcknowledged: true });
    }
  }

  /** Writes to everything that is still there. */
  async writeAgain(engine: Engine, text: string): Promise<void> {
    for (const shard of [...this.#shards.values()]) {
      if (shard.seal === "none") await this.append(engine, [{ shard: shard.name, text, count: 3 }]);
    }
    for (const key of this.#documents.keys()) await this.put(engine, key, text);
    await this.create(engine, `new at ${text}`);
    await this.append(engine, [{ shard: `new at ${text}`, text, count: 2 }]);
  }

  async #verifyShard(engine: Engine, shard: ShardHistory): Promise<void> {
    if (shard.ref === undefined) {
      // It was never acknowledged; making it again must find it or make it.
      this.#shards.delete(shard.name);
      return;
    }
    let entries: readonly StoredEntry[];
    try {
      entries = await readAll(engine, shard.ref);
    } catch (error) {
      assert(
        error instanceof EngineError && error.kind === "not_found" && shard.drop !== "none",
        `${shard.name}: ${error}`,
      );
      this.#shards.delete(shard.name);
      return;
    }
    assert.notEqual(shard.drop, "acknowledged", `${shard.name} was dropped`);
    shard.drop = "none";
    this.#verifyEntries(shard, entries);
    await this.#verifySeal(engine, shard);
  }

  #verifyEntries(shard: ShardHistory, entries: readonly StoredEntry[]): void {
    const found = entries.map(({ body, count }) => `${count} ${Buffer.from(body).toString()}`);
    const sent = shard.sent.map(({ text, count }) => `${count} ${text}`);
    const expired = this.#expiredBefore(shard, found[0]);
    const end = expired + found.length;
    assert.deepEqual(found, sent.slice(expired, end), `${shard.name} keeps what was sent in its order`);
    const lastAcknowledged = shard.sent.findLastIndex(({ position }) => position !== undefined);
    assert(end > lastAcknowledged, `${shard.name} lost an acknowledged entry`);
    let next = expired === 0 ? 1n : (entries[0]?.position ?? 1n);
    for (const [index, entry] of entries.entries()) {
      const one = shard.sent[expired + index];
      assert.equal(entry.position, next, `${shard.name} has no gap`);
      assert(one !== undefined && (one.position ?? next) === next);
      one.position = next;
      next += BigInt(entry.count);
    }
    shard.sent.length = end;
  }

  /** How many entries at the beginning are gone because they outlived their retention. */
  #expiredBefore(shard: ShardHistory, first: string | undefined): number {
    const { name, sent } = shard;
    const horizonMs = this.#horizonOf(shard);
    const expired = sent.findIndex(({ sentMs }) => sentMs >= horizonMs);
    const allowed = expired < 0 ? sent.length : expired;
    const gone = first === undefined ? allowed : sent.findIndex(({ text, count }) => `${count} ${text}` === first);
    assert(gone >= 0 && gone <= allowed, `${name} lost what had not expired`);
    return gone;
  }

  #horizonOf({ retentionMs, horizonMs }: ShardHistory): number {
    return retentionMs === 0 ? horizonMs : Math.max(horizonMs, this.#nowMs() - retentionMs);
  }

  async #verifySeal(engine: Engine, shard: ShardHistory): Promise<void> {
    assert(shard.ref !== undefined);
    if (shard.seal === "none") return;
    const entry = { count: 1, timeMs: this.#nowMs(), body: Buffer.from("after the seal") };
    const [outcome] = await engine.log.append([{ shard: shard.ref, entry }]);
    if (outcome?.kind === "fenced") {
      shard.seal = "acknowledged";
      return;
    }
    assert.equal(shard.seal, "sent", `${shard.name} was sealed`);
    shard.seal = "none";
    shard.sent.push({ text: "after the seal", count: 1, sentMs: this.#nowMs(), position: outcome?.position });
  }

  /** Tells the forks of a shard that they have, and that was acknowledged when they were made. */
  #tellForks(name: string, tell: (shard: ShardHistory) => void): void {
    for (const fork of this.#forks) {
      const shard = fork.#shards.get(name);
      if (shard !== undefined) tell(shard);
    }
  }

  #shard(name: string): ShardHistory {
    return this.#shards.get(name) ?? assert.fail(`no shard ${name}`);
  }
}

async function readAll(engine: Engine, shard: ShardRef): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for (let next = 1n; ; ) {
    const found = await engine.log.read(shard, next, page);
    if (found.entries.length === 0) return entries;
    entries.push(...found.entries);
    next = found.next;
  }
}
