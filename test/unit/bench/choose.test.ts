import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseTurns } from "../../../bench/choose.ts";
import { contestants } from "../../../bench/contestants.ts";
import { lines } from "../../../bench/scenarios.ts";

const field = { lines, contestants, earlier: [] };

function chosen(only: readonly string[], { isAll = false, rounds = 1 } = {}): readonly string[] {
  const turns = chooseTurns(field, { only, isAll, rounds });
  return turns.map(({ round, scenario, contestant }) => `${round} ${scenario.name} ${contestant.name}`);
}

test("every server that the table names exists", () => {
  const names = new Set(contestants.map(({ name }) => name));
  const named = lines.flatMap(({ byDefault, withAll }) => [...byDefault, ...withAll]);
  assert.deepEqual(
    named.filter((name) => !names.has(name)),
    [],
  );
});

test("a whole name means that server or scenario alone, a part of it all that hold it", () => {
  assert.deepEqual(chosen(["push", "millrace durable"]), ["1 push millrace durable"]);
  assert.deepEqual(chosen(["put-records-1k-64", "memory"]), [
    "1 put-records-1k-64-shards millrace memory",
    "1 put-records-1k-64-shards millrace memory limits",
  ]);
  assert.deepEqual(chosen(["put-records-10k", "tls"]).length, 2);
});

test("a part of a name means servers that are measured by default, and others only if it is in none of those", () => {
  assert.deepEqual(chosen(["put-record-c256", "millrace"]), [
    "1 put-record-c256 millrace memory",
    "1 put-record-c256 millrace durable",
  ]);
  assert.deepEqual(chosen(["put-record-c32", "tls"]), [
    "1 put-record-c32 millrace memory tls",
    "1 put-record-c32 millrace durable tls",
  ]);
});

test("a scenario that is not measured by default is measured when it is named, or when all are", () => {
  assert(!chosen([]).some((turn) => turn.includes("mixed")));
  assert(chosen(["mixed"]).includes("1 mixed millrace durable"));
  assert(chosen([], { isAll: true }).includes("1 mixed millrace durable"));
});

test("rounds are interleaved, and a slow server takes part in the first alone", () => {
  const turns = chosen(["put-record-c32", "millrace durable", "moto"], { rounds: 2 });
  assert.deepEqual(turns, [
    "1 put-record-c32 millrace durable",
    "1 put-record-c32 moto",
    "2 put-record-c32 millrace durable",
  ]);
});

test("a text that is in no name is refused", () => {
  assert.throws(() => chosen(["put-recrods"]), /--only put-recrods: no scenario and no server/);
});
