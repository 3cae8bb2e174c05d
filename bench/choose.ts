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
  const unknown = only.find((text) => ![...scenarioNames, ...serverNames].some((name) => name.includes(text)));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: no scenario and no server has that in its name`);
  const scenarioTexts = only.filter((text) => scenarioNames.some((name) => name.includes(text)));
  const serverTexts = only.filter((text) => serverNames.some((name) => name.includes(text)));
  const namedScenarios = new Set(scenarioTexts.flatMap((text) => namesWith(text, scenarioNames)));
  const turns = field.lines.flatMap((line) => {
    const isNamed = namedScenarios.has(line.scenario.name);
    if (namedScenarios.size > 0 ? !isNamed : !isAll && line.byDefault.length === 0) return [];
    const names = serversOf(line, { isAll, serverTexts, earlier: field.earlier.map(({ name }) => name) });
    const present = [...field.contestants, ...field.earlier].filter(({ name }) => names.has(name));
    return turnsOf(line.scenario, present, rounds);
  });
  // Stable: within a round the order of the table stays.
  return turns.toSorted((one, other) => one.round - other.round);
}

interface ServerWish {
  readonly isAll: boolean;
  readonly serverTexts: readonly string[];
  readonly earlier: readonly string[];
}

/** A text means servers that are measured by default here, and only if it is in no name of theirs the others. */
function serversOf({ byDefault, withAll }: Line, { isAll, serverTexts, earlier }: ServerWish): ReadonlySet<string> {
  const everybody = [...byDefault, ...withAll, ...earlier];
  const usual = isAll || byDefault.length === 0 ? everybody : [...byDefault, ...earlier];
  if (serverTexts.length === 0) return new Set(usual);
  const named = serverTexts.flatMap((text) => {
    const found = everybody.includes(text) ? [text] : namesWith(text, usual);
    return found.length > 0 ? found : namesWith(text, everybody);
  });
  return new Set(named);
}

/** The one whose whole name it is, or all that hold it. */
function namesWith(text: string, names: readonly string[]): readonly string[] {
  return names.includes(text) ? [text] : names.filter((name) => name.includes(text));
}

function turnsOf(scenario: Scenario, present: readonly Contestant[], rounds: number): readonly Turn[] {
  return present.flatMap((contestant) => {
    const count = Math.min(rounds, contestant.roundsMax ?? rounds);
    return Array.from({ length: count }, (_, i) => ({ round: i + 1, scenario, contestant }));
  });
}
