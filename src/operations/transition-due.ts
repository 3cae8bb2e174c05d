import type { OperationContext } from "./operation-context.ts";

/**
 * When the work that a request asks for may begin. Without a transition delay that is at any time, so that a clock that
 * is set back holds nothing up.
 */
export function transitionDueMs({ clock, transitionDelayMs }: OperationContext): number {
  return transitionDelayMs === 0 ? 0 : clock.nowMs() + transitionDelayMs;
}
