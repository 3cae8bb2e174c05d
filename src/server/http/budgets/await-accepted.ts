import type { EventLoopTick } from "../../../time/event-loop-tick.ts";

/** Longest wait for a tick in which no connection was accepted. */
const acceptingTicksMax = 128;

/**
 * Resolves after a whole tick in which no connection was accepted: none waits. The event loop accepts one connection in each
 * tick, so that the last of a hundred waits for a hundred ticks, which should be short. `acceptedCount`: those so far.
 */
export async function awaitAccepted(tick: EventLoopTick, acceptedCount: () => number): Promise<void> {
  await tick.end();
  for (let ticks = 0; ticks < acceptingTicksMax; ticks++) {
    const before = acceptedCount();
    await tick.end();
    if (acceptedCount() === before) return;
  }
}
