/**
 * Draws the rates of a run as an SVG that is readable on light and on dark pages: `npm run bench -- --publish`, or
 *   node bench/chart.ts figures.json > chart.svg
 * from what `--json` wrote. One bar for each server, on a scale of powers of ten.
 */
import { readFileSync } from "node:fs";
import type { Figures, Row } from "./report.ts";

const panels: readonly { readonly scenario: string; readonly title: string }[] = [
  { scenario: "put-records-1k", title: "PutRecords, 500 x 1 KiB: records per second" },
  { scenario: "put-record-c32", title: "PutRecord, 1 KiB, 32 connections: records per second" },
  { scenario: "get-records-tail", title: "GetRecords, 1,000 x 1 KiB: records per second" },
];

const width = 760;
const labelWidth = 160;
const valueWidth = 90;
const barHeight = 16;
const rowHeight = 22;
const titleHeight = 34;
const scaleHeight = 18;
const gap = 14;
/** Where the bars begin, in records per second. */
const rateMin = 10;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 13px }
  .value { font-variant-numeric: tabular-nums }
  .scale { font-size: 10px; fill: #6e7781 }
  .grid { stroke: #d0d7de }
  .ours { fill: #0969da } .floor { fill: #8c959f } .peer { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .scale { fill: #8d96a0 } .grid { stroke: #30363d }
    .ours { fill: #58a6ff } .floor { fill: #6e7681 } .peer { fill: #f0883e }
  }`;

export function drawChart(figures: Figures): string {
  const present = panels.flatMap(({ scenario, title }) => {
    const rows = (figures[scenario] ?? []).filter(isDrawn).toSorted((a, b) => b.recordsPerSecond - a.recordsPerSecond);
    return rows.length === 0 ? [] : [{ title, rows }];
  });
  const rates = present.flatMap(({ rows }) => rows.map((row) => row.recordsPerSecond));
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(rateMin * 10, ...rates) / rateMin)));
  let y = 0;
  const parts: string[] = [];
  for (const { title, rows } of present) {
    parts.push(drawPanel(title, rows, { top: y, decades }));
    y += titleHeight + rows.length * rowHeight + scaleHeight + gap;
  }
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">`;
  const title = "<title>Records per second of Millrace, of bare node:http servers and of other Kinesis servers</title>";
  return `${open}\n${title}\n<style>${style}\n</style>\n${parts.join("\n")}\n</svg>\n`;
}

/** The variants of our servers would hide the comparison. */
function isDrawn({ name, kind, recordsPerSecond }: Row): boolean {
  return recordsPerSecond > 0 && (kind !== "ours" || name.split(" ").length === 2);
}

function drawPanel(title: string, rows: readonly Row[], { top, decades }: { top: number; decades: number }): string {
  const decadeWidth = (width - labelWidth - valueWidth) / decades;
  const first = top + titleHeight;
  const bottom = first + rows.length * rowHeight;
  const parts = [`<text class="title" x="0" y="${top + 20}">${escapeText(title)}</text>`];
  for (let decade = 0; decade <= decades; decade++) {
    const x = round(labelWidth + decade * decadeWidth);
    parts.push(`<line class="grid" x1="${x}" y1="${first - 4}" x2="${x}" y2="${bottom}"/>`);
    const label = (rateMin * 10 ** decade).toLocaleString("en-US");
    parts.push(`<text class="scale" x="${x}" y="${bottom + 12}" text-anchor="middle">${label}</text>`);
  }
  for (const [index, { name, kind, recordsPerSecond }] of rows.entries()) {
    const y = first + index * rowHeight;
    const length = round(Math.max(1, Math.log10(recordsPerSecond / rateMin) * decadeWidth));
    const rate = Math.round(recordsPerSecond).toLocaleString("en-US");
    parts.push(
      `<text x="${labelWidth - 8}" y="${y + 13}" text-anchor="end">${escapeText(name)}</text>`,
      `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>`,
      `<text class="value" x="${round(labelWidth + length + 6)}" y="${y + 13}">${rate}</text>`,
    );
  }
  return parts.join("\n");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

if (import.meta.main) {
  const [path = ""] = process.argv.slice(2);
  process.stdout.write(drawChart(JSON.parse(readFileSync(path, "utf8")) as Figures));
}
