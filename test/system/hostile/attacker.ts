// A process of its own, so that the attack does not slow down what a polite client measures. It yields the CPU to the server
// and to that client: an attacker elsewhere would not compute at their cost.
import { constants, getPriority, setPriority } from "node:os";
import type { Target } from "./attack.ts";
import { attacks } from "./attacks.ts";

export interface AttackOrder {
  readonly name: string;
  readonly target: Target;
  readonly durationMs: number;
}

const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
setPriority(Math.min(PRIORITY_LOW, getPriority() + PRIORITY_BELOW_NORMAL));
process.once("message", async ({ name, target, durationMs }: AttackOrder) => {
  const attack = attacks.find((each) => each.name === name);
  if (attack === undefined) throw new Error(`there is no attack ${name}`);
  const over = new AbortController();
  setTimeout(() => over.abort(), durationMs);
  process.send?.(await attack.run(target, over.signal), () => process.exit(0));
});
