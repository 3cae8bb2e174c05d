import { describe } from "node:test";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { uniqueName } from "./support/stream-fixture.ts";

describe("UpdateStreamWarmThroughput", () => {
  const nobody = uniqueName("nobody");

  testInput(
    "UpdateStreamWarmThroughput",
    { StreamName: nobody, WarmThroughputMiBps: 10 },
    {
      ...streamMembers,
      WarmThroughputMiBps: { type: "Integer", required: true, min: 0 },
    },
  );
});
