/** Medians over the rounds, as tables of figures and of ratios. Pure. */
import type { Measurement } from "./load.ts";

/** One contestant in one scenario. */
export interface Row {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  readonly rounds: number;
  readonly recordsPerSecond: number;
  /** CPU seconds per million records: of all threads, and of the main thread. */
  readonly cpuSecondsPerMillion: number;
  readonly mainCpuSecondsPerMillion: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
  /** Bytes handed to the disk for each byte of data; 0 where nothing is written, NaN where unknown. */
  readonly writtenPerByte: number;
  readonly failedRecords: number;
  /** Milliseconds of one write and fdatasync on this disk, measured in the same run; only where the scenario asks for it. */
  readonly diskSyncMs?: number;
}

/** By scenario name. */
export type Figures = Readonly<Record<string, readonly Row[]>>;

export interface Measured extends Measurement {
  readonly diskSyncMs?: number;
}

export function summarize(
  { name, kind }: Pick<Row, "name" | "kind">,
  recordBytes: number,
  measurements: readonly Measured[],
): Row {
  const medianOf = (figure: (m: Measured) => number) => median(measurements.map(figure));
  const diskSyncMs = medianOf((m) => m.diskSyncMs ?? Number.NaN);
  return {
    name,
    kind,
    rounds: measurements.length,
    recordsPerSecond: medianOf((m) => m.records / m.seconds),
    cpuSecondsPerMillion: medianOf((m) => (m.cpuSeconds / m.records) * 1e6),
    mainCpuSecondsPerMillion: medianOf((m) => (m.mainThreadCpuSeconds / m.records) * 1e6),
    p50Ms: medianOf((m) => m.p50Ms),
    p99Ms: medianOf((m) => m.p99Ms),
    residentMiB: medianOf((m) => m.residentMiB),
    writtenPerByte: medianOf((m) => m.writtenBytes / (m.records * recordBytes)),
    failedRecords: measurements.reduce((sum, m) => sum + m.failedRecords, 0),
    ...(Number.isNaN(diskSyncMs) ? {} : { diskSyncMs }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function figuresTable(rows: readonly Row[]): string {
  const header = ["server", "rec/s", "CPU-s/M rec", "main", "p50 ms", "p99 ms", "RSS MiB", "written", "refused"];
  const isSynced = rows.some((row) => row.diskSyncMs !== undefined);
  const body = rows.map((row) => [
    row.name,
    Math.round(row.recordsPerSecond).toLocaleString("en-US"),
    significant(row.cpuSecondsPerMillion),
    significant(row.mainCpuSecondsPerMillion),
    significant(row.p50Ms),
    significant(row.p99Ms),
    Number.isNaN(row.residentMiB) ? "-" : row.residentMiB.toFixed(0),
    Number.isNaN(row.writtenPerByte) ? "-" : row.writtenPerByte.toFixed(2),
    String(row.failedRecords),
    ...(isSynced ? [significant(row.p50Ms / (row.diskSyncMs ?? Number.NaN))] : []),
  ]);
  return markdownTable([isSynced ? [...header, "p50 / fdatasync"] : header, ...body]);
}

/** The plain servers of ours over each of the others: `rate x` (more is better) and `CPU x` (less is better). */
export function ratiosTable(rows: readonly Row[]): string {
  const others = rows.filter((row) => row.kind !== "ours");
  const ours = rows.filter((row) => row.name === "millrace memory" || row.name === "millrace durable");
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
