import { describe } from "node:test";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { uniqueName } from "./support/stream-fixture.ts";

describe("UpdateStreamWarmThroughput", () => {
  const absent = uniqueName("absent");

  testInput(
    "UpdateStreamWarmThroughput",
    { StreamName: absent, WarmThroughputMiBps: 10 },
    {
      ...streamMembers,
      WarmThroughputMiBps: { type: "Integer", required: true, min: 0 },
    },
  );
});
