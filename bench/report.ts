/** Medians over the rounds, as tables of figures and of ratios. Pure. */
import type { Measurement } from "./load.ts";

/** One contestant in one scenario. */
export interface Row {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  readonly rounds: number;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
  readonly failedRecords: number;
}

export function summarize(name: string, kind: Row["kind"], measurements: readonly Measurement[]): Row {
  const medianOf = (figure: (m: Measurement) => number) => median(measurements.map(figure));
  return {
    name,
    kind,
    rounds: measurements.length,
    recordsPerSecond: medianOf((m) => m.records / m.seconds),
    cpuSecondsPerMillion: medianOf((m) => (m.cpuSeconds / m.records) * 1e6),
    p50Ms: medianOf((m) => m.p50Ms),
    p99Ms: medianOf((m) => m.p99Ms),
    residentMiB: medianOf((m) => m.residentMiB),
    failedRecords: measurements.reduce((sum, m) => sum + m.failedRecords, 0),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function figuresTable(rows: readonly Row[]): string {
  const header = ["server", "rec/s", "CPU-s/M rec", "p50 ms", "p99 ms", "RSS MiB", "refused"];
  const body = rows.map((row) => [
    row.name,
    Math.round(row.recordsPerSecond).toLocaleString("en-US"),
    significant(row.cpuSecondsPerMillion),
    significant(row.p50Ms),
    significant(row.p99Ms),
    Number.isNaN(row.residentMiB) ? "-" : row.residentMiB.toFixed(0),
    String(row.failedRecords),
  ]);
  return markdownTable([header, ...body]);
}

/** Ours over each of the others: `rate x` (more is better) and `CPU x` (less is better). */
export function ratiosTable(rows: readonly Row[]): string {
  const others = rows.filter((row) => row.kind !== "ours");
  const ours = rows.filter((row) => row.kind === "ours");
  if (ours.length === 0 || others.length === 0) return "";
  const header = ["against", ...ours.flatMap((row) => [`${row.name}: rate x`, "CPU x"])];
  const body = others.map((other) => [
    other.name,
    ...ours.flatMap((row) => [
      significant(row.recordsPerSecond / other.recordsPerSecond),
      significant(row.cpuSecondsPerMillion / other.cpuSecondsPerMillion),
    ]),
  ]);
  return markdownTable([header, ...body]);
}

export function significant(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  if (value < 0.1) return value.toPrecision(2);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${cells.join(" | ")} |`;
  });
  const rule = `|${widths.map((width, column) => `${"-".repeat(width + 1)}${column === 0 ? "-" : ":"}`).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
