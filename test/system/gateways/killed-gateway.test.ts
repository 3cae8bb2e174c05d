/** Two gateways on one engine in memory; one of them dies at each step of each change, and the other one carries on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { LocalKeyProvider } from "../../../src/keys/local-key-provider.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { account, region, TestServer } from "../../support/test-server.ts";
import { type Death, MortalEngine } from "./mortal-engine.ts";

const StreamName = "orders";
const shardId = "shardId-000000000000";
const StreamARN = `arn:aws:kinesis:${region}:${account}:stream/${StreamName}`;
/** Fewer steps, and more, than any change has: its own document, the turn, the work, the turn given back. */
const [stepsMin, stepsMax] = [3, 60];
/** Within this time the other gateway has noticed and carried on. */
const carryOnMs = 10_000;

interface Change {
  readonly operation: string;
  readonly input: object;
  /** Open and closed shards, and the status of the stream and its consumer, once the change is carried out. */
  readonly after: string;
}

const before = "ACTIVE, 1 open, 0 closed, 24 h";
const changes: readonly Change[] = [
  {
    operation: "SplitShard",
    input: { StreamName, ShardToSplit: shardId, NewStartingHashKey: "100" },
    after: "ACTIVE, 2 open, 1 closed, 24 h",
  },
  {
    operation: "UpdateShardCount",
    input: { StreamName, TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" },
    after: "ACTIVE, 2 open, 1 closed, 24 h",
  },
  {
    operation: "IncreaseStreamRetentionPeriod",
    input: { StreamName, RetentionPeriodHours: 48 },
    after: "ACTIVE, 1 open, 0 closed, 48 h",
  },
  {
    operation: "StartStreamEncryption",
    input: { StreamName, EncryptionType: "KMS", KeyId: "alias/mine" },
    after: `${before}, encrypted from epoch 1`,
  },
  {
    operation: "RegisterStreamConsumer",
    input: { StreamARN, ConsumerName: "reader" },
    after: `${before}, reader ACTIVE`,
  },
  { operation: "DeleteStream", input: { StreamName }, after: "gone" },
];

/** A gateway that dies, one that stays, and what they share. */
class Pair {
  readonly shared = new MemoryEngine({ clock: new SimulatedClock(), memoryBudgetBytes: 64 * 1024 * 1024 });
  readonly mortal = new MortalEngine(this.shared);
  readonly clock = new SimulatedClock();
  /** Stands still once its gateway is dead, and its beats with it. */
  readonly victimClock = new SimulatedClock();
  #victim: TestServer | undefined;
  #survivor: TestServer | undefined;

  async open(): Promise<void> {
    await this.shared.open();
    const keyProvider = new LocalKeyProvider({ nowMs: () => this.clock.nowMs() });
    this.#victim = await TestServer.open({ engine: this.mortal.engine, clock: this.victimClock, keyProvider });
    const { engine } = new MortalEngine(this.shared);
    this.#survivor = await TestServer.open({ engine, clock: this.clock, keyProvider });
  }

  get victim(): TestServer {
    assert(this.#victim !== undefined);
    return this.#victim;
  }

  get survivor(): TestServer {
    assert(this.#survivor !== undefined);
    return this.#survivor;
  }

  /** Status, shards, retention and consumers of the stream as the survivor has it. */
  state(): string {
    const revision = this.survivor.services.registry.find(account, region, StreamName);
    if (revision === undefined) return "gone";
    const { status, shards, retentionHours, consumers = [], encryption, settingsEpoch } = revision.stream;
    const closedCount = shards.filter(({ closed }) => closed !== undefined).length;
    const shown = consumers.map((consumer) => `, ${consumer.name} ${consumer.status}`).join("");
    const encrypted = encryption === undefined ? "" : `, encrypted from epoch ${settingsEpoch}`;
    return `${status}, ${shards.length - closedCount} open, ${closedCount} closed, ${retentionHours} h${encrypted}${shown}`;
  }

  /** Lets time pass for the survivor until no work is due. */
  async carryOn(): Promise<void> {
    for (let passedMs = 0; passedMs < carryOnMs; passedMs += 500) {
      await this.clock.advance(500);
      await this.mortal.engine.documents.catchUp?.();
    }
    await this.survivor.untilIdle();
  }

  async close(): Promise<void> {
    await this.survivor.close();
    await this.shared.close();
  }
}

interface Outcome {
  /** Whether the gateway made the whole change before the step at which it was to die. */
  readonly isWhole: boolean;
}

async function changeAndDie({ operation, input, after }: Change, step: number, as: Death): Promise<Outcome> {
  const pair = new Pair();
  await pair.open();
  const { victim, survivor } = pair;
  await survivor.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await survivor.untilIdle();
  await survivor.expectOk("PutRecord", { StreamName, Data: "YQ==", PartitionKey: "a" });
  assert.equal(pair.state(), before);

  pair.mortal.dieAt(step, as);
  const title = `${operation}, dead ${as} step ${step}`;
  const answered = victim.call(operation, input).then(({ ok }) => ok);
  const isAnswered = await Promise.race([answered, pair.mortal.died.then(() => false)]);
  // Changed settings rest for a second before they are carried out.
  await pair.victimClock.advance(1_000);
  const isDead = await Promise.race([pair.mortal.died.then(() => true), victim.untilIdle().then(() => false)]);
  await pair.carryOn();
  const state = pair.state();
  if (isAnswered) assert.equal(state, after, title);
  else assert([before, after].includes(state), `${title}: ${state}`);

  if (state !== "gone") {
    await survivor.expectOk("PutRecord", { StreamName, Data: "Yg==", PartitionKey: "b" });
  } else {
    await survivor.expectOk("CreateStream", { StreamName, ShardCount: 1 });
    await survivor.untilIdle();
  }
  const revision = survivor.services.registry.find(account, region, StreamName);
  for (const shard of revision?.stream.shards ?? []) {
    if (revision === undefined) continue;
    await pair.shared.log.seek(revision.ref(shard), { at: "newest" });
    // What a gateway that knows an older document still has on its way.
    const late = { shard: revision.ref(shard), entry: { count: 1, timeMs: 0, body: Buffer.from("clear") } };
    const isRefused = shard.closed !== undefined || revision.stream.encryption !== undefined;
    assert.equal((await pair.shared.log.append([late]))[0]?.kind, isRefused ? "fenced" : "stored", title);
  }
  await pair.close();
  return { isWhole: !isDead };
}

for (const change of changes) {
  test(`${change.operation} is carried on at each step at which its gateway may die`, async () => {
    for (const as of ["before", "after"] as const) {
      for (let step = 0; ; step++) {
        assert(step < stepsMax, "the change comes to an end");
        const { isWhole } = await changeAndDie(change, step, as);
        if (!isWhole) continue;
        assert(step >= stepsMin, "the gateway may die amid the change");
        break;
      }
    }
  });
}
