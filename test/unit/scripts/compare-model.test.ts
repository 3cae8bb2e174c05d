import assert from "node:assert/strict";
import { test } from "node:test";
import { differencesFrom, type ServiceModel } from "../../../scripts/compare-model.ts";
import type { Facts } from "../../../scripts/generate-model.ts";

const botocore: ServiceModel = {
  shapes: {
    Name: { type: "string", min: 1, max: 128, pattern: "[a-z]+" },
    Mode: { type: "string", enum: ["ON", "OFF"] },
    Tags: { type: "map", key: { shape: "Name" }, value: { shape: "Text" } },
    Text: { type: "string", min: 0 },
    Node: { type: "structure", members: { Name: { shape: "Name" }, Nodes: { shape: "Nodes" } } },
    Nodes: { type: "list", member: { shape: "Node" }, max: 10 },
    MakeInput: {
      type: "structure",
      required: ["Name"],
      members: { Name: { shape: "Name" }, Mode: { shape: "Mode" }, Tags: { shape: "Tags" }, Node: { shape: "Node" } },
    },
    MakeOutput: { type: "structure", members: { Name: { shape: "Name" } } },
  },
  operations: {
    Make: {
      input: { shape: "MakeInput" },
      output: { shape: "MakeOutput" },
      errors: [{ shape: "LimitExceededException" }],
      staticContextParams: { OperationType: { value: "control" } },
    },
  },
};

const alike: Facts = {
  shapes: {
    Name: { type: "string", min: 1, max: 128, pattern: "[a-z]+" },
    Mode: { type: "string", enum: ["OFF", "ON"] },
    Tags: { type: "map", key: "Name", value: "String" },
    Node: { type: "structure", members: { Name: "Name", Nodes: "Nodes" } },
    Nodes: { type: "list", item: "Node", max: 10 },
  },
  operations: {
    Make: {
      plane: "control",
      input: { "Name!": "Name", Mode: "Mode", Tags: "Tags", Node: "Node" },
      output: { "Name!": "String" },
      errors: ["LimitExceededException"],
    },
  },
};

test("a model that has all of botocore's has no difference, whatever the order of values", () => {
  assert.deepEqual(differencesFrom(botocore, alike), []);
});

test("an operation that is missing, and one too many, are named", () => {
  const operations = { Other: { plane: "data", input: {}, errors: [] } };
  assert.deepEqual(differencesFrom(botocore, { ...alike, operations }), [
    "Make: the operation is missing",
    "Other: botocore does not have it",
  ]);
});

test("each bound, member, value, error and plane that differs is named by its place", () => {
  const facts: Facts = {
    shapes: {
      ...alike.shapes,
      Name: { type: "string", max: 64 },
      Mode: { type: "string", enum: ["ON", "AUTO"] },
      Nodes: { type: "list", item: "Node" },
    },
    operations: {
      Make: { plane: "data", input: { Name: "Name", Mode: "Mode", Node: "Node", More: "Integer" }, errors: ["X"] },
    },
  };
  assert.deepEqual(differencesFrom(botocore, facts), [
    "Make.Mode: value AUTO is not botocore's",
    "Make.Mode: value OFF is missing",
    "Make.More: botocore does not have it",
    "Make.Name: max 128, ours 64",
    "Make.Name: min 1, ours 0",
    "Make.Name: pattern [a-z]+, ours none",
    "Make.Name: required in botocore",
    "Make.Name: the member is missing",
    "Make.Node.Name: max 128, ours 64",
    "Make.Node.Name: min 1, ours 0",
    "Make.Node.Name: pattern [a-z]+, ours none",
    "Make.Node.Nodes: max 10, ours none",
    "Make.Tags: the member is missing",
    "Make: error LimitExceededException is missing",
    "Make: error X is not botocore's",
    "Make: plane control, ours data",
  ]);
});
