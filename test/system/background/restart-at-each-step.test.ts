// The process stops at every call that a long operation makes to its engine, just before or just after it. The next process
// stops while it resumes the work. The third one finishes all of it: nothing acknowledged is lost, nothing deleted comes
// back, no shard log is left over, and the stream works.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { openSmallEngine } from "../../support/embedded-engine.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { type Machine, Scenario } from "./scenario.ts";
import type { StopSide } from "./stopping-engine.ts";

interface LongOperation {
  readonly name: string;
  readonly before: (scenario: Scenario) => Promise<void>;
  /** What the process stops in. */
  readonly during: (scenario: Scenario) => Promise<void>;
}

const name = "orders";

const longOperations: readonly LongOperation[] = [
  {
    name: "create",
    before: async () => {},
    during: async (scenario) => {
      await scenario.create(name, 3);
      await scenario.settle();
    },
  },
  { name: "split", before: withShards(2), during: (scenario) => withWriters(scenario, splitFirst) },
  { name: "merge", before: withShards(3), during: (scenario) => withWriters(scenario, mergeFirst) },
  {
    name: "a resize from 2 to 5, which splits and merges",
    before: withShards(2),
    during: (scenario) => withWriters(scenario, resizeTo(5)),
  },
  {
    name: "a resize from 7 to 2, which merges what it has split",
    before: withShards(7),
    during: (scenario) => withWriters(scenario, resizeTo(2)),
  },
  {
    name: "a change of settings",
    before: withShards(2),
    during: (scenario) =>
      withWriters(scenario, async () => {
        await scenario.call("IncreaseStreamRetentionPeriod", { StreamName: name, RetentionPeriodHours: 48 });
      }),
  },
  {
    name: "a start of encryption",
    before: withShards(2),
    during: (scenario) =>
      withWriters(scenario, async () => {
        await scenario.call("StartStreamEncryption", { StreamName: name, EncryptionType: "KMS", KeyId: "alias/mine" });
      }),
  },
  {
    name: "a consumer's coming and going",
    before: withShards(1),
    during: async (scenario) => {
      const consumer = { StreamARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/orders", ConsumerName: "reader" };
      if (!(await scenario.call("RegisterStreamConsumer", consumer))) return;
      await scenario.settle();
      await scenario.call("DeregisterStreamConsumer", consumer);
      await scenario.settle();
    },
  },
  {
    name: "delete",
    before: withShards(3),
    during: async (scenario) => {
      await scenario.delete(name);
      await scenario.settle();
    },
  },
  {
    name: "delete while a split is on its way",
    before: withShards(2),
    during: async (scenario) => {
      await splitFirst(scenario);
      await scenario.delete(name);
      await scenario.settle();
    },
  },
  {
    name: "delete while the stream is being created",
    before: async () => {},
    during: async (scenario) => {
      await scenario.create(name, 4);
      await scenario.delete(name);
      await scenario.settle();
    },
  },
  {
    name: "delete and create again",
    before: withShards(3),
    during: async (scenario) => {
      await scenario.delete(name);
      await scenario.settle();
      await scenario.create(name, 2);
      await scenario.settle();
    },
  },
];

function withShards(count: number): LongOperation["before"] {
  return async (scenario) => {
    await scenario.create(name, count);
    await scenario.settle();
    await scenario.putSome(name, 10);
  };
}

async function splitFirst(scenario: Scenario): Promise<void> {
  const middle = (2n ** 126n).toString();
  await scenario.call("SplitShard", { StreamName: name, ShardToSplit: "shardId-0", NewStartingHashKey: middle });
}

async function mergeFirst(scenario: Scenario): Promise<void> {
  await scenario.call("MergeShards", {
    StreamName: name,
    ShardToMerge: "shardId-0",
    AdjacentShardToMerge: "shardId-1",
  });
}

function resizeTo(count: number): (scenario: Scenario) => Promise<void> {
  return async (scenario) => {
    const target = { TargetShardCount: count, ScalingType: "UNIFORM_SCALING" };
    await scenario.call("UpdateShardCount", { StreamName: name, ...target });
  };
}

/** Records arrive meanwhile; a call whose response the stop swallows is not awaited. */
async function withWriters(scenario: Scenario, work: (scenario: Scenario) => Promise<void>): Promise<void> {
  const changed = work(scenario);
  const written = [0, 1, 2, 3, 4].map((key) => scenario.put(name, `key ${key}`));
  await Promise.race([Promise.all([changed, ...written]), scenario.settle()]);
  await scenario.settle();
}

async function memoryMachine(clock = new SimulatedClock()): Promise<Machine> {
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 16 * 1024 * 1024 });
  await engine.open();
  const machine: Machine = { engine, clock, restart: async () => machine, close: () => engine.close() };
  return machine;
}

/** Each stop is a power cut: unsynced writes are lost. */
async function embeddedMachine(disk = new SimulatedDisk(), clock = new SimulatedClock()): Promise<Machine> {
  const engine = await openSmallEngine(disk, { clock });
  const restart = () => embeddedMachine(disk.crash("lose"), clock);
  return { engine, clock, restart, close: () => engine.close() };
}

async function runOnce(machine: Machine, longOperation: LongOperation, call: number, side: StopSide): Promise<number> {
  const scenario = await Scenario.begin(machine);
  await longOperation.before(scenario);
  const callsBefore = scenario.callCount;
  scenario.stopAt(call, side);
  await longOperation.during(scenario);
  const calls = scenario.callCount - callsBefore;
  if (call !== Number.POSITIVE_INFINITY) {
    // The second process stops as well, ever later in the work that it resumes, sometimes not at all.
    await scenario.restart({ call: call % 13, side: side === "before" ? "after" : "before" });
    await scenario.settle();
    await scenario.restart();
  }
  await scenario.verify();
  await scenario.close();
  return calls;
}

const machines = [
  { engine: "memory", machine: memoryMachine, sides: (): readonly StopSide[] => ["before", "after"] },
  // Slower, and the code above it is the same: one side of each call.
  {
    engine: "embedded",
    machine: embeddedMachine,
    sides: (call: number): readonly StopSide[] => (call % 2 === 0 ? ["after"] : ["before"]),
  },
];

for (const longOperation of longOperations) {
  for (const { engine, machine, sides } of machines) {
    test(`a restart at any step carries on: ${longOperation.name} (${engine})`, async () => {
      const calls = await runOnce(await machine(), longOperation, Number.POSITIVE_INFINITY, "before");
      assert(calls > 2, "the operation has steps");
      for (let call = 0; call < calls; call++) {
        for (const side of sides(call)) {
          try {
            await runOnce(await machine(), longOperation, call, side);
          } catch (error) {
            throw new Error(`stopping ${side} call ${call} of ${calls}`, { cause: error });
          }
        }
      }
    });
  }
}
