import assert from "node:assert/strict";
import { test } from "node:test";
import { firstPage, namesPage } from "../../../src/streams/list-page.ts";

test("namesPage() sorts by code unit and starts behind a name that need not exist", () => {
  const names = ["b", "a-1", "B", "_", "a"];
  assert.deepEqual(namesPage(names, { limit: 100 }), { items: ["B", "_", "a", "a-1", "b"], hasMore: false });
  assert.deepEqual(namesPage(names, { exclusiveStart: "a", limit: 1 }), { items: ["a-1"], hasMore: true });
  assert.deepEqual(namesPage(names, { exclusiveStart: "a0", limit: 1 }), { items: ["b"], hasMore: false });
  assert.deepEqual(namesPage([], { limit: 1 }), { items: [], hasMore: false });
});

test("firstPage() says whether items are left", () => {
  assert.deepEqual(firstPage([1, 2, 3], 2), { items: [1, 2], hasMore: true });
  assert.deepEqual(firstPage([1, 2], 2), { items: [1, 2], hasMore: false });
});
