/** docs/metrics.md has a row for each metric of AWS/Kinesis, with the names and the unit that the code has. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { consumerMetrics, type KinesisMetric, shardMetrics, streamMetrics } from "../../src/shards/kinesis-metrics.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");

/** The rows of the table that follows a sentence: the cells of its first three columns. */
function rowsAfter(sentence: string): readonly string[] {
  const [, after = ""] = page.split(sentence);
  const [table = ""] = after.trimStart().split("\n\n");
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").slice(1, 4).join("|").replaceAll("`", ""));
}

function rowOf({ name, unit, family }: KinesisMetric): string {
  return ` ${name} | ${unit} | ${family} `;
}

test("docs/metrics.md names each metric of AWS/Kinesis as the code does, and no other", () => {
  assert.deepEqual(rowsAfter("Dimension `StreamName`:"), streamMetrics.map(rowOf));
  assert.deepEqual(rowsAfter("Dimensions `StreamName` and `ConsumerName`:"), consumerMetrics.map(rowOf));
  assert.deepEqual(rowsAfter("Dimensions `StreamName` and `ShardId`:"), shardMetrics.map(rowOf));
});

test("each row of docs/metrics.md says meaning and difference", () => {
  const rows = page.split("\n").filter((row) => row.includes("`millrace_") && row.startsWith("|"));
  assert.equal(rows.length, streamMetrics.length + consumerMetrics.length + shardMetrics.length);
  for (const row of rows) {
    const [, , , , meaning = "", difference = ""] = row.split("|").map((cell) => cell.trim());
    assert(meaning.length > 3 && difference.length > 3, row);
  }
});
