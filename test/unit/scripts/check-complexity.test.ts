import assert from "node:assert/strict";
import { test } from "node:test";
import { type Counts, compare, findingsOf } from "../../../scripts/check-complexity.ts";

const complexity = "noExcessiveCognitiveComplexity";
const length = "noExcessiveLinesPerFunction";

/** A report as biome prints it, with a finding at each of the places. */
function report(...places: readonly (readonly [rule: string, path: string, line: number])[]): string {
  const diagnostics = places.map(([rule, path, line]) => ({
    severity: "info",
    message: "Over the bound.",
    category: `lint/complexity/${rule}`,
    location: { path, start: { line, column: 1 }, end: { line: line + 1, column: 1 } },
    advices: [],
  }));
  return JSON.stringify({ summary: { infos: diagnostics.length }, diagnostics, command: "lint" });
}

const verdict = (committed: Counts, text: string) => compare(committed, findingsOf(text));

test("compare() is content with as many functions over a bound as were committed", () => {
  const committed = { src: { [complexity]: 2, [length]: 1 } };
  const text = report([complexity, "src/a.ts", 1], [complexity, "src/b/c.ts", 9], [length, "src/a.ts", 1]);
  assert.deepEqual(verdict(committed, text), { faults: [], counts: committed, hasFallen: false });
});

test("compare() fails on one more, and lists all functions of its folder and rule", () => {
  const committed = { src: { [complexity]: 1 }, test: { [complexity]: 5 } };
  const text = report([complexity, "src/a.ts", 1], [complexity, "src/b.ts", 7], [length, "test/a.ts", 3]);
  const { faults } = verdict(committed, text);
  assert.deepEqual(faults, [
    `src: functions over the bound of ${complexity}: 2, at most 1`,
    "  src/a.ts:1: Over the bound.",
    "  src/b.ts:7: Over the bound.",
    `test: functions over the bound of ${length}: 1, at most 0`,
    "  test/a.ts:3: Over the bound.",
  ]);
});

test("compare() lowers what has fallen, and never raises what has risen", () => {
  const committed = { bench: { [length]: 1 }, src: { [complexity]: 3, [length]: 1 } };
  const text = report([complexity, "src/a.ts", 1], [length, "src/a.ts", 1], [length, "src/b.ts", 1]);
  const { counts, hasFallen } = verdict(committed, text);
  assert.deepEqual(counts, { src: { [complexity]: 1, [length]: 1 } });
  assert.ok(hasFallen);
});

test("findingsOf() takes the two rules only, and refuses what is no report", () => {
  const other = report(["useLiteralKeys", "src/a.ts", 1], [length, "src\\b.ts", 4]);
  assert.deepEqual(findingsOf(other), [{ path: "src/b.ts", line: 4, rule: length, message: "Over the bound." }]);
  assert.throws(() => findingsOf(""), SyntaxError);
  assert.throws(() => findingsOf("{}"), TypeError);
});
