import assert from "node:assert/strict";
import { test } from "node:test";
import { compareByHeads, compareRandomStreams, compareSplits } from "./compare-readers.ts";
import { faultOf, NodeReader } from "./read-both-ways.ts";

test("what the fast path serves is what node:http reads, and no byte is read by both or by neither: 6,000 streams", async (t) => {
  const { servedCount, handedOverBytes } = await compareRandomStreams(1, 6_000);
  t.diagnostic(`${servedCount} requests served, ${handedOverBytes} bytes handed over`);
  assert(servedCount > 2_000, "the fast path serves many of them");
  assert(handedOverBytes > 1_000_000, "and not all");
});

test("a recorded request that comes in two pieces is served or handed over whole", async (t) => {
  const { servedCount } = await compareSplits(37);
  t.diagnostic(`${servedCount} requests served`);
  assert(servedCount > 500, "the fast path serves those that are cut in the body");
});

test("what node:http reads head by head, in many ticks, is what it reads at once: 1,000 streams", async (t) => {
  const servedCount = await compareByHeads(1, 1_000);
  t.diagnostic(`${servedCount} requests served`);
  assert(servedCount > 1_000, "there are requests to compare");
});

test("the comparison finds a request read twice, one lost, one with another body, and one that node:http refuses", async () => {
  const node = new NodeReader();
  const text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
  const bytes = Buffer.from(text);
  const request = { method: "POST", url: "/", headers: { host: "a", "content-length": "2" }, body: "{}" };
  const rest = Buffer.alloc(0);
  assert.equal(await faultOf([bytes], { requests: [request], rest }, node), undefined);
  assert.match((await faultOf([bytes], { requests: [request], rest: bytes }, node)) ?? "", /without its bytes/);
  assert.match((await faultOf([bytes], { requests: [], rest }, node)) ?? "", /node:http reads/);
  assert.match((await faultOf([bytes], { requests: [], rest: bytes.subarray(1, 9) }, node)) ?? "", /not the end/);
  const other = { ...request, body: "[]" };
  assert.match((await faultOf([bytes], { requests: [other], rest }, node)) ?? "", /node:http reads/);
  const folded = Buffer.from(text.replace("Host: a", "Host : a"));
  assert.match((await faultOf([folded], { requests: [request], rest }, node)) ?? "", /refuses/);
});
