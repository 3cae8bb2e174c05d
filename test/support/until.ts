import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

const waitMsMax = 60_000;
const pauseMs = 100;

/** Looks until it holds. `told`: what is known of the reason if it never does. */
export async function until(holds: () => boolean | Promise<boolean>, told = () => "waited in vain"): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    assert(performance.now() - startMs < waitMsMax, told());
    await pause(pauseMs);
  }
}
