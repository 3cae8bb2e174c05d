import assert from "node:assert/strict";
import { test } from "node:test";
import { type FilterKind, matcherOf, parseFilter } from "../../../../../console/src/records/filter.ts";

const value = { order: { total: 120, items: [{ product: "tea" }] }, status: "paid" };
const subject = { partitionKey: "customer-7", text: JSON.stringify(value), value };

function matches(kind: FilterKind, typed: string): boolean {
  const filter = parseFilter(kind, typed);
  assert(filter !== undefined && "kind" in filter, typed);
  return matcherOf(filter)(subject);
}

const table: readonly (readonly [FilterKind, string, boolean])[] = [
  ["text", "PAID", true],
  ["text", "customer-7", true],
  ["text", "coffee", false],
  ["key", "customer-", true],
  ["key", "7", false],
  ["regex", "^t[aeo]{2}$", false],
  ["regex", '"tea"', true],
  ["path", "status", true],
  ["path", "missing", false],
  ["path", "status == paid", true],
  ["path", '$.status = "paid"', true],
  ["path", "status != paid", false],
  ["path", "order.total > 100", true],
  ["path", "order.total <= 100", false],
  ["path", "order.items[0].product ~ TE", true],
  ["path", "order.items[1].product == tea", false],
  ["path", "constructor == x", false],
];

for (const [kind, typed, isMatch] of table) {
  test(`the ${kind} filter ${typed} ${isMatch ? "finds" : "does not find"} the record`, () => {
    assert.equal(matches(kind, typed), isMatch);
  });
}

test("nothing is no filter, and what cannot be read says why", () => {
  assert.equal(parseFilter("text", "  "), undefined);
  for (const [kind, typed] of [
    ["regex", "("],
    ["path", "== 5"],
  ] as const) {
    const filter = parseFilter(kind, typed);
    assert(filter !== undefined && "problem" in filter);
  }
});
