// The process dies at every call that a long operation makes to its engine, just before it or just behind it. The next process
// dies somewhere in taking up the work. The third one has to bring all of it to its end: nothing acknowledged is lost, nothing
// deleted comes back, no log is left over, and the stream works on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { openSmallEngine } from "../../support/embedded-engine.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { type Machine, Story } from "./scenario.ts";
import type { StopSide } from "./stopping-engine.ts";

interface Scenario {
  readonly name: string;
  readonly before: (story: Story) => Promise<void>;
  /** What the process dies in. */
  readonly during: (story: Story) => Promise<void>;
}

const name = "orders";

const scenarios: readonly Scenario[] = [
  {
    name: "create",
    before: async () => {},
    during: async (story) => {
      await story.create(name, 3);
      await story.settle();
    },
  },
  { name: "split", before: withShards(2), during: (story) => withWriters(story, splitFirst) },
  { name: "merge", before: withShards(3), during: (story) => withWriters(story, mergeFirst) },
  {
    name: "a resize from 2 to 5, which splits and merges",
    before: withShards(2),
    during: (story) => withWriters(story, resizeTo(5)),
  },
  {
    name: "a resize from 7 to 2, which merges what it has split",
    before: withShards(7),
    during: (story) => withWriters(story, resizeTo(2)),
  },
  {
    name: "a change of settings",
    before: withShards(2),
    during: (story) =>
      withWriters(story, async () => {
        await story.tell("IncreaseStreamRetentionPeriod", { StreamName: name, RetentionPeriodHours: 48 });
      }),
  },
  {
    name: "a consumer's coming and going",
    before: withShards(1),
    during: async (story) => {
      const consumer = { StreamARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/orders", ConsumerName: "reader" };
      if (!(await story.tell("RegisterStreamConsumer", consumer))) return;
      await story.settle();
      await story.tell("DeregisterStreamConsumer", consumer);
      await story.settle();
    },
  },
  {
    name: "delete",
    before: withShards(3),
    during: async (story) => {
      await story.delete(name);
      await story.settle();
    },
  },
  {
    name: "delete while a split is on its way",
    before: withShards(2),
    during: async (story) => {
      await splitFirst(story);
      await story.delete(name);
      await story.settle();
    },
  },
  {
    name: "delete while the stream is being created",
    before: async () => {},
    during: async (story) => {
      await story.create(name, 4);
      await story.delete(name);
      await story.settle();
    },
  },
  {
    name: "delete and create again",
    before: withShards(3),
    during: async (story) => {
      await story.delete(name);
      await story.settle();
      await story.create(name, 2);
      await story.settle();
    },
  },
];

function withShards(count: number): Scenario["before"] {
  return async (story) => {
    await story.create(name, count);
    await story.settle();
    await story.putSome(name, 10);
  };
}

async function splitFirst(story: Story): Promise<void> {
  const middle = (2n ** 126n).toString();
  await story.tell("SplitShard", { StreamName: name, ShardToSplit: "shardId-0", NewStartingHashKey: middle });
}

async function mergeFirst(story: Story): Promise<void> {
  await story.tell("MergeShards", { StreamName: name, ShardToMerge: "shardId-0", AdjacentShardToMerge: "shardId-1" });
}

function resizeTo(count: number): (story: Story) => Promise<void> {
  return async (story) => {
    const target = { TargetShardCount: count, ScalingType: "UNIFORM_SCALING" };
    await story.tell("UpdateShardCount", { StreamName: name, ...target });
  };
}

/** Records go on arriving meanwhile; nobody waits for those that the process took with it. */
async function withWriters(story: Story, work: (story: Story) => Promise<void>): Promise<void> {
  const changed = work(story);
  const written = [0, 1, 2, 3, 4].map((key) => story.put(name, `key ${key}`));
  await Promise.race([Promise.all([changed, ...written]), story.settle()]);
  await story.settle();
}

async function memoryMachine(clock = new SimulatedClock()): Promise<Machine> {
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 16 * 1024 * 1024 });
  await engine.open();
  const machine: Machine = { engine, clock, restart: async () => machine, close: () => engine.close() };
  return machine;
}

/** The power goes with the process: what the disk had not been told to keep is lost. */
async function embeddedMachine(disk = new SimulatedDisk(), clock = new SimulatedClock()): Promise<Machine> {
  const engine = await openSmallEngine(disk, { clock });
  const restart = () => embeddedMachine(disk.crash("lose"), clock);
  return { engine, clock, restart, close: () => engine.close() };
}

async function liveOnce(machine: Machine, scenario: Scenario, call: number, side: StopSide): Promise<number> {
  const story = await Story.begin(machine);
  await scenario.before(story);
  const callsBefore = story.callCount;
  story.stopAt(call, side);
  await scenario.during(story);
  const calls = story.callCount - callsBefore;
  if (call !== Number.POSITIVE_INFINITY) {
    // The second process dies as well, ever later in what it takes up, sometimes not at all.
    await story.restart({ call: call % 13, side: side === "before" ? "after" : "before" });
    await story.settle();
    await story.restart();
  }
  await story.verify();
  await story.close();
  return calls;
}

const machines = [
  { engine: "memory", machine: memoryMachine, sides: (): readonly StopSide[] => ["before", "after"] },
  // Slower, and the same rules stand above it: one side of each call.
  {
    engine: "embedded",
    machine: embeddedMachine,
    sides: (call: number): readonly StopSide[] => (call % 2 === 0 ? ["after"] : ["before"]),
  },
];

for (const scenario of scenarios) {
  for (const { engine, machine, sides } of machines) {
    test(`a restart at any step carries on: ${scenario.name} (${engine})`, async () => {
      const calls = await liveOnce(await machine(), scenario, Number.POSITIVE_INFINITY, "before");
      assert(calls > 2, "the operation has steps");
      for (let call = 0; call < calls; call++) {
        for (const side of sides(call)) {
          try {
            await liveOnce(await machine(), scenario, call, side);
          } catch (error) {
            throw new Error(`dying ${side} call ${call} of ${calls}`, { cause: error });
          }
        }
      }
    });
  }
}
