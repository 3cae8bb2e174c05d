import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { constraintsSource, readFacts, shapesSource } from "../../../scripts/generate-model.ts";
import { inputShapes, outputShapes } from "../../../src/model/constraints.generated.ts";
import { operationNames } from "../../../src/model/shapes.generated.ts";

const facts = readFacts();

function sourceOf(file: string): string {
  return readFileSync(new URL(`../../../src/model/${file}`, import.meta.url), "utf8");
}

test("the generated files are what the facts give today", () => {
  assert.equal(shapesSource(facts), sourceOf("shapes.generated.ts"));
  assert.equal(constraintsSource(facts), sourceOf("constraints.generated.ts"));
});

test("the facts know 57 operations, in alphabetical order", () => {
  assert.equal(operationNames.length, 57);
  assert.deepEqual(operationNames, operationNames.toSorted());
  assert.deepEqual(Object.keys(inputShapes), operationNames);
});

test("every member named in an error order exists", () => {
  const ordered = [...Object.entries(facts.operations), ...Object.entries(facts.shapes)];
  for (const [name, fact] of ordered) {
    const members = "input" in fact ? fact.input : fact.members;
    for (const member of fact.errorOrder ?? []) {
      assert.ok(members !== undefined && (member in members || `${member}!` in members), `${name} has no ${member}`);
    }
  }
});

test("20 operations answer a success with an empty body", () => {
  assert.deepEqual(
    operationNames.filter((name) => outputShapes[name] === undefined),
    [
      "AddTagsToStream",
      "CreateStream",
      "DecreaseStreamRetentionPeriod",
      "DeleteChannel",
      "DeleteQueue",
      "DeleteResourcePolicy",
      "DeleteStream",
      "DeregisterStreamConsumer",
      "IncreaseStreamRetentionPeriod",
      "MergeShards",
      "PutResourcePolicy",
      "RemoveTagsFromStream",
      "SplitShard",
      "StartStreamEncryption",
      "StopStreamEncryption",
      "TagResource",
      "UntagResource",
      "UpdateMaxRecordSize",
      "UpdateStreamMode",
      "UpdateStreamRecordDistributionStrategy",
    ],
  );
});
