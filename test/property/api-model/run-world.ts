import type { Engine } from "../../../src/engine/engine.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { openSmallEngine } from "../../support/embedded-engine.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { TestServer } from "../../support/test-server.ts";
import { act } from "./act.ts";
import { drawSteps, type Step } from "./step.ts";
import { World } from "./world.ts";

export type EngineKind = "memory" | "embedded";

export interface WorldPlan {
  readonly engine: EngineKind;
  readonly transitionDelayMs: number;
  readonly steps: readonly Step[];
}

export interface WorldFailure {
  readonly stepIndex: number;
  readonly error: Error;
}

const stepsPerWorld = 120;

/** Half of the worlds see every state pass in an instant, the others hold each for a while. */
function planWorld(seed: number, engine: EngineKind): WorldPlan {
  const random = new SeededRandom(seed);
  return { engine, transitionDelayMs: random.next() < 0.5 ? 0 : 500, steps: drawSteps(random, stepsPerWorld) };
}

interface Ground {
  readonly engine: Engine;
  /** The engine as a restart finds it; absent where only the server above it is built anew. */
  readonly reopen?: () => Promise<Engine>;
}

async function memoryGround(clock: SimulatedClock): Promise<Ground> {
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 64 * 1024 * 1024 });
  await engine.open();
  return { engine };
}

/** Each restart is a power cut. */
async function embeddedGround(clock: SimulatedClock): Promise<Ground> {
  let disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { clock });
  const reopen = async (): Promise<Engine> => {
    disk = disk.crash("lose");
    return await openSmallEngine(disk, { clock });
  };
  return { engine, reopen };
}

const grounds = { memory: memoryGround, embedded: embeddedGround };

/** Goes through all steps from an empty server on; what went wrong first, if anything. */
async function runWorld({ engine: kind, transitionDelayMs, steps }: WorldPlan): Promise<WorldFailure | undefined> {
  const clock = new SimulatedClock();
  const { engine, reopen } = await grounds[kind](clock);
  const server = await TestServer.open({ engine, clock, transitionDelayMs });
  const world = new World(server, clock, { transitionDelayMs, reopen });
  try {
    for (const [stepIndex, step] of steps.entries()) {
      try {
        await act(world, step);
      } catch (error) {
        return { stepIndex, error: error instanceof Error ? error : new Error(String(error)) };
      }
    }
    return undefined;
  } finally {
    await server.close();
    await engine.close();
  }
}

/**
 * The fewest steps that still fail: everything behind the failure goes, then ever smaller parts of what is left, as long as
 * the rest fails without them.
 */
async function shrinkPlan(plan: WorldPlan, failure: WorldFailure): Promise<WorldPlan> {
  let steps = plan.steps.slice(0, failure.stepIndex + 1);
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length; ) {
      const without = [...steps.slice(0, at), ...steps.slice(at + size)];
      const failed = await runWorld({ ...plan, steps: without });
      if (failed === undefined) at += size;
      else steps = without.slice(0, failed.stepIndex + 1);
    }
  }
  return { ...plan, steps };
}

export interface Run {
  readonly engine: EngineKind;
  readonly firstSeed: number;
  readonly stepCount: number;
}

/** Runs worlds of ascending seeds until this many steps are done; throws the shrunk counterexample of the first that fails. */
export async function runWorlds(
  { engine, firstSeed, stepCount }: Run,
  onWorld: (stepsDone: number) => void = () => undefined,
): Promise<void> {
  let done = 0;
  for (let seed = firstSeed; done < stepCount; seed++) {
    const plan = planWorld(seed, engine);
    const failure = await runWorld(plan);
    if (failure !== undefined) throw await counterexample(seed, plan, failure);
    done += plan.steps.length;
    onWorld(done);
  }
}

async function counterexample(seed: number, plan: WorldPlan, failure: WorldFailure): Promise<Error> {
  const shrunk = await shrinkPlan(plan, failure);
  const again = await runWorld(shrunk);
  const lines = shrunk.steps.map((step) => `    ${JSON.stringify(step)},`);
  const text = [
    `The server on ${plan.engine} and its model part at world ${seed}, shrunk to:`,
    `  transitionDelayMs ${shrunk.transitionDelayMs}, steps [`,
    ...lines,
    "  ]",
    `  ${(again ?? failure).error.message}`,
  ];
  return new Error(text.join("\n"), { cause: (again ?? failure).error });
}
