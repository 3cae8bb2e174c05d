import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What the other thread is told. */
export interface WorkApart {
  /** The address of a module, and the name of the function in it. */
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Calls an exported function in a thread of its own, with what can be cloned, and hands back what it resolves with or throws.
 * Node's runner follows every promise of the thread that its tests are in: work that is little but promises, such as an engine
 * on a simulated disk, takes three times as long there.
 */
export async function runApart<Work extends (...args: never[]) => Promise<unknown>>(
  module: string,
  name: string,
  ...args: Parameters<Work>
): Promise<Awaited<ReturnType<Work>>> {
  const workerData: WorkApart = { module, name, args };
  const worker = new Worker(new URL("./worker-apart.ts", import.meta.url), { workerData });
  const [result] = await once(worker, "message");
  return result;
}
