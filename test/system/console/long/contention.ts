import assert from "node:assert/strict";
import type { TestContext } from "node:test";

const sampleMs = 100;

/**
 * How much longer work takes than its CPU time because other programs want the same cores: 1 on a quiet machine. A bound in
 * milliseconds is so many times longer, so that it says something on a busy machine and is strict on a quiet one.
 */
export class Contention {
  #elapsedMs = 0;
  #cpuMs = 0;

  /** Computes for a tenth of a second. To be called around what is measured, and within if that takes long. */
  sample(): void {
    const startedMs = performance.now();
    const before = process.threadCpuUsage();
    while (performance.now() - startedMs < sampleMs);
    const { user, system } = process.threadCpuUsage(before);
    this.#elapsedMs += performance.now() - startedMs;
    this.#cpuMs += (user + system) / 1_000;
  }

  /** Takes a last sample, and fails if what was measured takes longer than the goal for a quiet machine allows here. */
  judge(t: TestContext, what: string, { ms, goalMs }: { readonly ms: number; readonly goalMs: number }): void {
    this.sample();
    const factor = Math.max(1, this.#elapsedMs / this.#cpuMs);
    const boundMs = goalMs * factor;
    const here = `${boundMs.toFixed(0)} ms here, where work takes ${factor.toFixed(2)} times its CPU time`;
    t.diagnostic(`${what}: ${ms.toFixed(0)} ms (at most ${goalMs} ms; ${here})`);
    assert(ms <= boundMs, `${what}: ${ms} ms`);
  }
}
