import { describe } from "node:test";
import { testInput } from "./support/input-shape.ts";
import { consumerArnPattern, namePattern, sequenceNumberPattern, streamIdPattern } from "./support/patterns.ts";

describe("SubscribeToShard", () => {
  const ConsumerARN = "arn:aws:kinesis:us-east-1:123456789012:stream/nobody/consumer/a:1";

  testInput(
    "SubscribeToShard",
    { ConsumerARN, ShardId: "shardId-0", StartingPosition: { Type: "LATEST" } },
    {
      ConsumerARN: { type: "String", required: true, min: 1, max: 2048, pattern: consumerArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      ShardId: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      StartingPosition: { type: "Structure", required: true },
      "StartingPosition.Type": {
        type: "String",
        required: true,
        values: ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
      },
      "StartingPosition.SequenceNumber": { type: "String", pattern: sequenceNumberPattern },
      "StartingPosition.Timestamp": { type: "Timestamp" },
      DryRun: { type: "Boolean" },
    },
  );
});
