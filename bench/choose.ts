/** Which measurements a run takes, in which order. Pure. */
import type { Contestant } from "./contestants.ts";
import type { Line, Scenario } from "./scenarios.ts";

export interface Turn {
  readonly round: number;
  readonly scenario: Scenario;
  readonly contestant: Contestant;
}

interface Field {
  readonly lines: readonly Line[];
  readonly contestants: readonly Contestant[];
  /** Measured in every scenario that is chosen. */
  readonly earlier: readonly Contestant[];
}

interface Wish {
  /** A text that is in no scenario's name is about servers, and the other way round. */
  readonly only: readonly string[];
  readonly isAll: boolean;
  readonly rounds: number;
}

/** Interleaved: a noisy minute hits every server, not one. Throws for a text that is in no name. */
export function chooseTurns(field: Field, { only, isAll, rounds }: Wish): readonly Turn[] {
  const scenarioNames = field.lines.map(({ scenario }) => scenario.name);
  const serverNames = [...field.contestants, ...field.earlier].map(({ name }) => name);
  const stranger = only.find((text) => ![...scenarioNames, ...serverNames].some((name) => name.includes(text)));
  if (stranger !== undefined) throw new Error(`--only ${stranger}: no scenario and no server has that in its name`);
  const isScenarioWanted = matcher(only, scenarioNames);
  const isServerWanted = matcher(only, serverNames);
  const turns: Turn[] = [];
  for (const line of field.lines) {
    if (isScenarioWanted?.(line.scenario.name) === false) continue;
    // Who names a scenario, or a server, means what there is of it, measured by default or not.
    if (!isAll && isScenarioWanted === undefined && line.byDefault.length === 0) continue;
    const takesAll = isAll || isServerWanted !== undefined || line.byDefault.length === 0;
    const names = new Set(takesAll ? [...line.byDefault, ...line.withAll] : line.byDefault);
    const present = [...field.contestants.filter(({ name }) => names.has(name)), ...field.earlier];
    const wanted = isServerWanted === undefined ? present : present.filter(({ name }) => isServerWanted(name));
    turns.push(...turnsOf(line.scenario, wanted, rounds));
  }
  // Stable: within a round the order of the table stays.
  return turns.toSorted((one, other) => one.round - other.round);
}

function turnsOf(scenario: Scenario, present: readonly Contestant[], rounds: number): readonly Turn[] {
  return present.flatMap((contestant) => {
    const count = Math.min(rounds, contestant.roundsMax ?? rounds);
    return Array.from({ length: count }, (_, i) => ({ round: i + 1, scenario, contestant }));
  });
}

/** Undefined when no text is about these names. */
function matcher(only: readonly string[], names: readonly string[]): ((name: string) => boolean) | undefined {
  const exact = new Set(only.filter((text) => names.includes(text)));
  const parts = only.filter((text) => !exact.has(text) && names.some((name) => name.includes(text)));
  if (exact.size === 0 && parts.length === 0) return undefined;
  return (name) => exact.has(name) || parts.some((text) => name.includes(text));
}
