import assert from "node:assert/strict";
import { test } from "node:test";
import { limitMax, limitsTableOf, parseLimitsFile, validateLimitsFile } from "../../../src/limits/limits-file.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";

test("an empty file is Amazon's table", () => {
  assert.deepEqual(parseLimitsFile({}), { table: awsLimits });
});

test("a file changes the numbers that it names and no others", () => {
  const { table } = parseLimitsFile({
    callsPerSecond: { DescribeStream: 100, ListStreams: null },
    shardCountMaxByRegion: { "eu-central-1": 7, other: 3 },
    shardWriteBytesPerSecond: null,
    modeSwitchesPerDay: 100,
  });
  assert.deepEqual(table, {
    ...awsLimits,
    callsPerSecond: { ...awsLimits.callsPerSecond, DescribeStream: 100, ListStreams: limitMax },
    shardCountMaxByRegion: { ...awsLimits.shardCountMaxByRegion, "eu-central-1": 7, other: 3 },
    shardWriteBytesPerSecond: limitMax,
    modeSwitchesPerDay: 100,
  });
});

test("all problems of a file are listed at once", () => {
  const file = {
    colour: 1,
    constructor: 1,
    shardReadBytesPerSecond: 0,
    onDemandStreamCountMax: "50",
    consumerCountMax: 1.5,
    shardCountChangesPerDay: 101,
    callsPerSecond: { PutRecord: 1, GetRecords: -1, Nothing: 5 },
    shardCountMaxByRegion: 500,
  };
  assert.deepEqual(validateLimitsFile(file), [
    '"colour" is not the name of a limit',
    '"constructor" is not the name of a limit',
    '"shardReadBytesPerSecond" must be a whole number from 1 to 2147483647, or null for no limit',
    '"onDemandStreamCountMax" must be a whole number from 1 to 2147483647, or null for no limit',
    '"consumerCountMax" must be a whole number from 1 to 2147483647, or null for no limit',
    '"shardCountChangesPerDay" must be a whole number from 1 to 100, or null for no limit',
    '"callsPerSecond.PutRecord" is not the name of a limit',
    '"callsPerSecond.GetRecords" must be a whole number from 1 to 2147483647, or null for no limit',
    '"callsPerSecond.Nothing" is not the name of a limit',
    '"shardCountMaxByRegion" must be an object of numbers, or null for no limit',
  ]);
});

test("null lifts every limit of the file that the page lists, also a whole group of them", () => {
  const { table, problems } = parseLimitsFile(Object.fromEntries(Object.keys(awsLimits).map((name) => [name, null])));
  assert.equal(problems, undefined);
  const { callsPerSecond, shardCountMaxByRegion, onDemandShardCountMaxByRegion, ...numbers } = table ?? awsLimits;
  assert.deepEqual(callsPerSecond, {});
  assert.deepEqual(shardCountMaxByRegion, { other: limitMax });
  assert.deepEqual(onDemandShardCountMaxByRegion, { other: limitMax });
  for (const [name, number] of Object.entries(numbers)) assert.equal(number, limitMax, name);
});

test("a file that holds no object is refused", () => {
  for (const json of [null, [], 5, "aws"]) assert.match(validateLimitsFile(json).join(), /^must hold one JSON object/);
});

test("limitsTableOf() makes the table that a configuration chose", () => {
  assert.equal(limitsTableOf(undefined), undefined);
  assert.equal(limitsTableOf("aws"), awsLimits);
  assert.equal(limitsTableOf({ path: "l.json", json: { consumerCountMax: 3 } })?.consumerCountMax, 3);
  assert.throws(() => limitsTableOf({ path: "l.json", json: { a: 1, b: 2 } }), {
    name: "StartError",
    message: 'l.json: "a" is not the name of a limit\nl.json: "b" is not the name of a limit',
  });
});
