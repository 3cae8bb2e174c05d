import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRoute, parseRoute, streamLink } from "../../../../../console/src/app/route.ts";

test("an address leads to the page that made it, whatever the name of the stream", () => {
  for (const name of ["orders", "a.b_c-1", "<script>", "a/b?c#d", "%25"]) {
    const route = { page: "stream", name, tab: "shards", query: { at: "x & y" } } as const;
    assert.deepEqual(parseRoute(formatRoute(route)), route);
  }
  assert.equal(streamLink("orders", "records", { seq: "1" }), "#/stream/orders/records?seq=1");
});

test("an address that says nothing leads to the list of streams", () => {
  for (const hash of ["", "#", "#/", "#/nothing", "#/stream/"]) assert.equal(parseRoute(hash).page, "streams");
  assert.deepEqual(parseRoute("#/stream/a/nothing"), { page: "stream", name: "a", tab: "records", query: {} });
  assert.equal(parseRoute("#/stream/%E0%A4%A/put").page, "stream");
});
