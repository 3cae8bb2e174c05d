import assert from "node:assert/strict";
import { test } from "node:test";
import { StatisticHistory } from "../../../src/telemetry/statistic-history.ts";
import { StatisticSets } from "../../../src/telemetry/statistic-sets.ts";

function rowOf(...samples: readonly (readonly [metric: number, sample: number])[]): Float64Array {
  const sets = new StatisticSets("any", 4);
  for (const [metric, sample] of samples) sets.add(metric, sample);
  return sets.take() ?? assert.fail("there are samples");
}

test("points have the samples of their step, and a step without any is absent", () => {
  const history = new StatisticHistory({ stepMs: 10, stepsMax: 100, bytesMax: 1e6 });
  history.add(100, "a", rowOf([0, 5], [2, 1]));
  history.add(109, "a", rowOf([0, 3], [1, 8]));
  history.add(120, "b", rowOf([0, 9]));
  history.add(130, "a", rowOf([0, 1]));
  assert.deepEqual(
    [...history.points("a", 0, 0, 1_000)],
    [
      { timeMs: 100, set: { count: 2, sum: 8, minimum: 3, maximum: 5 } },
      { timeMs: 130, set: { count: 1, sum: 1, minimum: 1, maximum: 1 } },
    ],
  );
  assert.deepEqual([...history.points("a", 1, 100, 110)].length, 1);
  assert.deepEqual([...history.points("a", 0, 101, 130)], []);
  assert.deepEqual(
    [...history.sources(0)].map(([source, metrics]) => [source, [...metrics].sort()]),
    [
      ["a", [0, 1, 2]],
      ["b", [0]],
    ],
  );
  assert.deepEqual(
    [...history.sources(130)].map(([source]) => source),
    ["a"],
  );
});

test("steps beyond the count are dropped with the sources that had nothing since", () => {
  const history = new StatisticHistory({ stepMs: 10, stepsMax: 3, bytesMax: 1e6 });
  history.add(0, "old", rowOf([0, 1]));
  history.add(10, "a", rowOf([0, 1]));
  history.add(50, "a", rowOf([0, 2]));
  assert.deepEqual([...history.points("a", 0, 0, 1_000)].length, 1);
  assert.deepEqual(
    [...history.sources(0)].map(([source]) => source),
    ["a"],
  );
});

/** Fear: a gateway with 20,000 monitored shards runs out of memory in an hour. */
test("memory is bounded, the oldest steps go first, and the newest one stays", () => {
  const history = new StatisticHistory({ stepMs: 10, stepsMax: 1_000, bytesMax: 10_000 });
  for (let step = 0; step < 200; step++) {
    for (let source = 0; source < 10; source++) history.add(10 * step, `s${source}`, rowOf([0, step]));
  }
  const kept = [...history.points("s0", 0, 0, 10_000)].map(({ timeMs }) => timeMs);
  assert.deepEqual(kept.at(-1), 1_990);
  assert(kept.length >= 3 && kept.length <= 5, `${kept.length} steps of 10 rows of about 250 bytes`);
});

test("a clock that was set back adds to the newest step", () => {
  const history = new StatisticHistory({ stepMs: 10, stepsMax: 10, bytesMax: 1e6 });
  history.add(100, "a", rowOf([0, 1]));
  history.add(40, "a", rowOf([0, 2]));
  assert.deepEqual(
    [...history.points("a", 0, 0, 1_000)],
    [{ timeMs: 100, set: { count: 2, sum: 3, minimum: 1, maximum: 2 } }],
  );
});
