/** The table of `volume.ts`, and what it says meanwhile. */
import { markdownTable, significant } from "./report.ts";

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At most, or with `isFloor` at least; absent where a figure is only told. */
  readonly goal?: number;
  readonly isFloor?: boolean;
}

export function goalsTable(figures: readonly Figure[]): string {
  return markdownTable([["figure", "measured", "goal", "met"], ...figures.map(line)]);
}

function line({ name, value, unit, goal, isFloor = false }: Figure): readonly string[] {
  const measured = `${significant(value)} ${unit}`.trim();
  if (goal === undefined) return [name, measured, "", ""];
  const isMet = isFloor ? value >= goal : value <= goal;
  return [name, measured, `${isFloor ? ">=" : "<="} ${significant(goal)}`, isMet ? "yes" : "**no**"];
}

export function progress(text: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}
