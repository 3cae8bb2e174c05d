import assert from "node:assert/strict";
import { test } from "node:test";
import { contestants } from "../../../bench/contestants.ts";
import { goals, goalsTable, movedSince, ratiosOf } from "../../../bench/goals.ts";
import type { Figures, Row } from "../../../bench/report.ts";
import { lines } from "../../../bench/scenarios.ts";

function row(name: string, recordsPerSecond: number): Row {
  const figures = { cpuSecondsPerMillion: 1, mainCpuSecondsPerMillion: 1, p50Ms: 1, p99Ms: 1 };
  return {
    name,
    kind: "ours",
    rounds: 1,
    recordsPerSecond,
    ...figures,
    residentMiB: 1,
    writtenPerByte: 1,
    failedRecords: 0,
  };
}

const name = "put-records-1k: rate of millrace durable / floor: parse";

function figuresWith(rate: number): Figures {
  return { "put-records-1k": [row("millrace durable", rate), row("floor: parse", 5_000)] };
}

test("every goal is about figures that a default run brings", () => {
  const scenarios = new Map(lines.map(({ scenario, byDefault }) => [scenario.name, byDefault]));
  for (const { name, of, over } of goals) {
    for (const { scenario, server } of [of, over]) {
      assert(scenarios.get(scenario)?.includes(server), `${name}: ${server} in ${scenario}`);
      assert(contestants.some((one) => one.name === server));
    }
  }
});

test("a goal is measured against its bound, and left out when a figure is missing", () => {
  assert.equal(ratiosOf(figuresWith(5_000))[name], 1);
  assert.match(
    goalsTable(figuresWith(5_000)),
    /rate of millrace durable \/ floor: parse +\| +1\.00 \| +>= 0\.95 \| yes \|/,
  );
  assert.match(
    goalsTable(figuresWith(3_000)),
    /rate of millrace durable \/ floor: parse +\| +0\.60 \| +>= 0\.95 \| +no \|/,
  );
  assert.equal(goalsTable({}), "");
});

test("what moved by more than a share is told with both values", () => {
  const moved = (rate: number) => movedSince({ [name]: 1 }, figuresWith(rate)).filter((line) => line.startsWith(name));
  assert.deepEqual(moved(5_500), []);
  assert.deepEqual(moved(4_000), [`${name}: 1.00 before, 0.80 now (-20 %)`]);
});
