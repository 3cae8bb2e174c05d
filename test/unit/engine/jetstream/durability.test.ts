import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeDurability, type ServerFacts, versionFault } from "../../../../src/engine/jetstream/durability.ts";

const facts: ServerFacts = {
  replicaCount: 3,
  persistMode: undefined,
  monitored: [{ url: "http://a", syncsAlways: true }],
  assumesFsync: false,
  clockDifferenceMs: 3,
};

test("only versions of the servers that the engine was tested with are taken", () => {
  for (const version of ["2.14.7", "2.14.10", "2.15.2", "2.15.3", "2.16.0", "3.0.0"]) {
    assert.equal(versionFault(version), undefined, version);
  }
  for (const version of ["2.9.10", "2.14.6", "2.15.0", "2.15.1", ""])
    assert.match(versionFault(version) ?? "", /not supported/);
});

test("three replicas that sync each record are durable, without a word", () => {
  assert.deepEqual(judgeDurability(facts), { isDurable: true, shortcomings: [], notes: [] });
});

test("each thing that makes an acknowledgement mean less is a shortcoming", () => {
  const { monitored: _, ...unmonitored } = facts;
  const lesser: readonly ServerFacts[] = [
    { ...facts, replicaCount: 1 },
    { ...facts, persistMode: "async" },
    { ...facts, monitored: [{ url: "http://a", syncsAlways: false }] },
    { ...facts, monitored: [{ url: "http://a", syncsAlways: false }], assumesFsync: true },
    { ...facts, monitored: [{ url: "http://a", syncsAlways: undefined }] },
    unmonitored,
  ];
  for (const one of lesser) {
    const { isDurable, shortcomings } = judgeDurability(one);
    assert.deepEqual([isDurable, shortcomings.length], [false, 1], JSON.stringify(one));
  }
});

test("what was stated and not verified is told, and so is a clock that differs", () => {
  const { monitored: _, ...unmonitored } = facts;
  const { isDurable, notes } = judgeDurability({ ...unmonitored, assumesFsync: true, clockDifferenceMs: -5_000 });
  assert.equal(isDurable, true);
  assert.match(notes.join("\n"), /stated with --assume-fsync, not verified\n.*-5000 ms/);
});
