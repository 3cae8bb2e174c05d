import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamRevision } from "../../../../src/registry/stream-revision.ts";
import { storedNews } from "../../../../src/server/console/stored-news.ts";
import { TrafficCounts } from "../../../../src/shards/traffic-counts.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

const revision = new StreamRevision({ id: "s" } as never, 1n);

function open() {
  const counts = new TrafficCounts();
  const clock = new SimulatedClock();
  const ending = new AbortController();
  const lines = storedNews(counts, revision, { clock, signal: ending.signal });
  const next = async (): Promise<string | undefined> => {
    const { done, value } = await lines.next();
    return done === true ? undefined : Buffer.from(value).toString();
  };
  const store = (...indexes: readonly number[]): void => {
    for (const index of indexes) for (const listener of counts.streams.get("s")?.listeners ?? []) listener(index);
  };
  return { counts, clock, ending, next, store };
}

test("shards that store records are named once a line, and those of one moment together", async () => {
  const { clock, next, store, ending } = open();
  assert.equal(await next(), "[]\n");
  store(3, 0, 3);
  assert.equal(await next(), "[3,0]\n");
  const second = next();
  store(1);
  await clock.advance(50);
  assert.equal(await second, "[1]\n");
  ending.abort();
});

test("a connection without news gets an empty line every ten seconds", async () => {
  const { clock, next, ending } = open();
  await next();
  const line = next();
  await clock.advance(10_000);
  assert.equal(await line, "[]\n");
  ending.abort();
});

test("the end of the connection ends the listening", async () => {
  const { counts, next, ending } = open();
  await next();
  const last = next();
  ending.abort();
  assert.equal(await last, undefined);
  assert.equal(counts.streams.get("s")?.listeners.size, 0);
});
