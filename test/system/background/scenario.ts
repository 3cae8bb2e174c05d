import assert from "node:assert/strict";
import { setImmediate as nextTick } from "node:timers/promises";
import type { Engine } from "../../../src/engine/engine.ts";
import type { KeyProvider } from "../../../src/keys/key-provider.ts";
import { LocalKeyProvider } from "../../../src/keys/local-key-provider.ts";
import { readLineage } from "../../support/read-lineage.ts";
import type { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";
import { StoppingEngine, type StopSide } from "./stopping-engine.ts";

/** An engine whose process can die and come back on what it had made durable. */
export interface Machine {
  readonly engine: Engine;
  readonly clock: SimulatedClock;
  /** The engine as the next process finds it. */
  restart(): Promise<Machine>;
  close(): Promise<void>;
}

/** What is the same after each restart. */
interface ScenarioOptions {
  readonly transitionDelayMs: number;
  readonly keyProvider: KeyProvider;
}

/** Ticks of the event loop; more than any work of these scenarios takes. */
const ticksMax = 20_000;

/** What the client knows of a name: a stream exists, is deleted, or a call without a response decides. */
type Fate = "exists" | "deleted" | "unknown";

interface Written {
  readonly data: string;
  number: bigint | undefined;
}

/** The server through several restarts, and all responses that its clients received. */
export class Scenario {
  #machine: Machine;
  #engine: StoppingEngine;
  #server: TestServer;
  readonly #transitionDelayMs: number;
  readonly #keyProvider: KeyProvider;
  readonly #fates = new Map<string, Fate>();
  /** What was sent to the present stream of a name. */
  readonly #written = new Map<string, Written[]>();
  /** Greatest sequence number of any earlier stream of a name. */
  readonly #floors = new Map<string, bigint>();
  #sentCount = 0;

  private constructor(
    machine: Machine,
    engine: StoppingEngine,
    server: TestServer,
    { transitionDelayMs, keyProvider }: ScenarioOptions,
  ) {
    this.#machine = machine;
    this.#engine = engine;
    this.#server = server;
    this.#transitionDelayMs = transitionDelayMs;
    this.#keyProvider = keyProvider;
  }

  static async begin(machine: Machine, transitionDelayMs = 0): Promise<Scenario> {
    const engine = new StoppingEngine(machine.engine);
    const { clock } = machine;
    const options = { transitionDelayMs, keyProvider: new LocalKeyProvider({ nowMs: () => clock.nowMs() }) };
    return new Scenario(machine, engine, await TestServer.open({ engine, clock, ...options }), options);
  }

  get server(): TestServer {
    return this.#server;
  }

  get callCount(): number {
    return this.#engine.callCount;
  }

  stopAt(call: number, side: StopSide): void {
    this.#engine.stopAt(call, side);
  }

  async create(name: string, shardCount: number): Promise<void> {
    if (this.#engine.isStopped) return;
    // The name is free, so its former stream is gone: nothing of that one may come back.
    for (const { number = 0n } of this.#written.get(name) ?? []) {
      if (number > (this.#floors.get(name) ?? 0n)) this.#floors.set(name, number);
    }
    this.#written.set(name, []);
    this.#fates.set(name, "unknown");
    if (await this.call("CreateStream", { StreamName: name, ShardCount: shardCount })) this.#fates.set(name, "exists");
  }

  async delete(name: string): Promise<void> {
    if (this.#engine.isStopped) return;
    this.#fates.set(name, "unknown");
    if (await this.call("DeleteStream", { StreamName: name })) this.#fates.set(name, "deleted");
  }

  /** Whether the call succeeded; it may fail only once the engine has stopped. */
  async call(operation: string, input: object): Promise<boolean> {
    const answer = await this.#server.call(operation, input);
    if (!answer.ok) assert(this.#engine.isStopped, `${operation}: ${answer.ok ? "" : answer.message}`);
    return answer.ok;
  }

  async put(name: string, key: string): Promise<void> {
    this.#sentCount += 1;
    const written: Written = { data: `${key} ${this.#sentCount}`, number: undefined };
    this.#written.get(name)?.push(written);
    const Data = Buffer.from(written.data).toString("base64");
    const answer = await this.#server.call<{ readonly SequenceNumber: string }>("PutRecord", {
      StreamName: name,
      PartitionKey: key,
      Data,
    });
    if (!answer.ok) assert(this.#engine.isStopped, `PutRecord: ${answer.ok ? "" : answer.message}`);
    else written.number = BigInt(answer.output.SequenceNumber);
  }

  async putSome(name: string, count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.put(name, `key ${i % 7}`);
  }

  /** Waits until all work is done or the engine has stopped. */
  async settle(): Promise<void> {
    for (let tick = 0; !this.#engine.isStopped; tick++) {
      assert(tick < ticksMax, "the work does not come to an end");
      await nextTick();
      try {
        if (await this.#server.isIdle()) return;
      } catch (error) {
        if (!this.#engine.isStopped) throw error;
      }
    }
  }

  /** Stops the process, if it runs, and starts another one, which may stop at a call in its turn. */
  async restart(stop?: { readonly call: number; readonly side: StopSide }): Promise<void> {
    this.#engine.stop();
    await this.#server.close().catch(() => undefined);
    this.#machine = await this.#machine.restart();
    this.#engine = new StoppingEngine(this.#machine.engine);
    if (stop !== undefined) this.#engine.stopAt(stop.call, stop.side);
    try {
      this.#server = await TestServer.open({
        engine: this.#engine,
        clock: this.#machine.clock,
        transitionDelayMs: this.#transitionDelayMs,
        keyProvider: this.#keyProvider,
      });
    } catch (error) {
      if (!this.#engine.isStopped) throw error;
    }
  }

  /** Asserts that all work ends, acknowledged records exist, deleted streams do not, and no shard log is left over. */
  async verify(): Promise<void> {
    await this.#machine.clock.advance(this.#transitionDelayMs);
    await this.#server.untilIdle();
    const { StreamNames } = await this.#server.expectOk<{ readonly StreamNames: readonly string[] }>("ListStreams", {});
    for (const [name, fate] of this.#fates) {
      const exists = StreamNames.includes(name);
      if (fate !== "unknown") assert.equal(exists, fate === "exists", `${name} is ${fate}`);
      if (exists) await this.#verifyStream(name);
    }
    let shardCount = 0;
    for (const { stream } of this.#server.services.registry.all()) {
      assert.equal(stream.intent, undefined);
      shardCount += stream.shards.length;
    }
    const { figures } = await this.#machine.engine.health();
    assert.equal(figures["shards"] ?? figures["shard_logs"], shardCount, "every log belongs to a stream");
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#machine.close();
  }

  async #verifyStream(name: string): Promise<void> {
    const { StreamDescriptionSummary: summary } = await this.#server.expectOk<{
      readonly StreamDescriptionSummary: { readonly StreamStatus: string };
    }>("DescribeStreamSummary", { StreamName: name });
    assert.equal(summary.StreamStatus, "ACTIVE");
    await this.putSome(name, 8);
    const found = await readLineage(this.#server, name);
    const written = this.#written.get(name) ?? [];
    const sent = new Set(written.map(({ data }) => data));
    const byData = new Map(found.map((record) => [record.data, record.number]));
    assert.equal(byData.size, found.length, "no record comes twice");
    for (const { data, number } of written) {
      if (number !== undefined) assert.equal(byData.get(data), number, `${data} was acknowledged and is there`);
    }
    for (const { data, number } of found) {
      assert(sent.has(data), `${data} belongs to this stream`);
      assert(number > (this.#floors.get(name) ?? 0n), "numbers go on above those of the former stream");
    }
  }
}
