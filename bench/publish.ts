/** Writes the figures of a run: docs/benchmarks/results.md between its markers, the chart beside it, the baseline. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawChart } from "./chart.ts";
import { ratiosOf } from "./goals.ts";
import type { Figures } from "./report.ts";

const root = join(import.meta.dirname, "..");
export const baselinePath = join(root, "bench/baseline.json");
const pagePath = join(root, "docs/benchmarks/results.md");
const chartPath = join(root, "docs/benchmarks/results.svg");
const begin = "<!-- figures: begin -->";
const end = "<!-- figures: end -->";

export function publish({ figures, report }: { readonly figures: Figures; readonly report: string }): void {
  const page = readFileSync(pagePath, "utf8");
  writeFileSync(pagePath, withFigures(page, report));
  writeFileSync(chartPath, drawChart(figures));
  // Ratios that this run did not measure keep what an earlier one found.
  const before = JSON.parse(readFileSync(baselinePath, "utf8")) as Readonly<Record<string, number>>;
  writeFileSync(baselinePath, `${JSON.stringify({ ...before, ...ratiosOf(figures) }, null, 2)}\n`);
}

/** The page with the report in the place of what stood between the markers. */
export function withFigures(page: string, report: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks/results.md must hold ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${report.trim()}\n\n${page.slice(to)}`;
}
