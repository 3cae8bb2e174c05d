import type { Clock } from "../time/clock.ts";
import type { StreamRegistry } from "./stream-registry.ts";

/** How much two gateways' clocks may differ without a refusal that only one of them would make. */
const gatewayClocksDifferMs = 10_000;

/**
 * The latest time that may be the present by the clock of any server that serves the same streams, ms since the epoch. A
 * time that another gateway has given or has taken must not be one of the future here.
 */
export function latestPresentMs(clock: Clock, { isShared }: Pick<StreamRegistry, "isShared">): number {
  return clock.nowMs() + (isShared ? gatewayClocksDifferMs : 0);
}
