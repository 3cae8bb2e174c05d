import type { Engine } from "../../../src/engine/engine.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { openSmallEngine } from "../../support/embedded-engine.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { TestServer } from "../../support/test-server.ts";
import { act } from "./act.ts";
import { ModelledServer } from "./modelled-server.ts";
import { drawSteps, type Step } from "./step.ts";

export type EngineKind = "memory" | "embedded";

export interface RunPlan {
  readonly engine: EngineKind;
  readonly transitionDelayMs: number;
  readonly steps: readonly Step[];
}

export interface RunFailure {
  readonly stepIndex: number;
  readonly error: Error;
}

const stepsPerRun = 120;

/** In half of the runs every transition is immediate, in the others it takes 500 ms. */
function planRun(seed: number, engine: EngineKind): RunPlan {
  const random = new SeededRandom(seed);
  return { engine, transitionDelayMs: random.next() < 0.5 ? 0 : 500, steps: drawSteps(random, stepsPerRun) };
}

interface OpenedEngine {
  readonly engine: Engine;
  /** The engine as a restart finds it; absent if only the services above it restart. */
  readonly reopen?: () => Promise<Engine>;
}

async function openMemory(clock: SimulatedClock): Promise<OpenedEngine> {
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 64 * 1024 * 1024 });
  await engine.open();
  return { engine };
}

/** Each restart is a power cut. */
async function openEmbedded(clock: SimulatedClock): Promise<OpenedEngine> {
  let disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { clock });
  const reopen = async (): Promise<Engine> => {
    disk = disk.crash("lose");
    return await openSmallEngine(disk, { clock });
  };
  return { engine, reopen };
}

const openEngine = { memory: openMemory, embedded: openEmbedded };

/** Goes through all steps on an empty server; returns the first failure, if any. */
async function runPlan({ engine: kind, transitionDelayMs, steps }: RunPlan): Promise<RunFailure | undefined> {
  const clock = new SimulatedClock();
  const { engine, reopen } = await openEngine[kind](clock);
  const server = await TestServer.open({ engine, clock, transitionDelayMs });
  const subject = new ModelledServer(server, clock, { transitionDelayMs, reopen });
  try {
    for (const [stepIndex, step] of steps.entries()) {
      try {
        await act(subject, step);
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
async function shrinkPlan(plan: RunPlan, failure: RunFailure): Promise<RunPlan> {
  let steps = plan.steps.slice(0, failure.stepIndex + 1);
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length; ) {
      const without = [...steps.slice(0, at), ...steps.slice(at + size)];
      const failed = await runPlan({ ...plan, steps: without });
      if (failed === undefined) at += size;
      else steps = without.slice(0, failed.stepIndex + 1);
    }
  }
  return { ...plan, steps };
}

export interface SeededRuns {
  readonly engine: EngineKind;
  readonly firstSeed: number;
  readonly stepCount: number;
}

/** Runs ascending seeds until this many steps are done; throws the shrunk counterexample of the first that fails. */
export async function runSeeds(
  { engine, firstSeed, stepCount }: SeededRuns,
  onRun: (stepsDone: number) => void = () => undefined,
): Promise<void> {
  let done = 0;
  for (let seed = firstSeed; done < stepCount; seed++) {
    const plan = planRun(seed, engine);
    const failure = await runPlan(plan);
    if (failure !== undefined) throw await counterexample(seed, plan, failure);
    done += plan.steps.length;
    onRun(done);
  }
}

async function counterexample(seed: number, plan: RunPlan, failure: RunFailure): Promise<Error> {
  const shrunk = await shrinkPlan(plan, failure);
  const again = await runPlan(shrunk);
  const lines = shrunk.steps.map((step) => `    ${JSON.stringify(step)},`);
  const text = [
    `The server on ${plan.engine} and its model part at seed ${seed}, shrunk to:`,
    `  transitionDelayMs ${shrunk.transitionDelayMs}, steps [`,
    ...lines,
    "  ]",
    `  ${(again ?? failure).error.message}`,
  ];
  return new Error(text.join("\n"), { cause: (again ?? failure).error });
}
