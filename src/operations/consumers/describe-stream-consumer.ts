import { streamArn } from "../../streams/arn.ts";
import { defineOperation } from "../operation.ts";
import { requireConsumer } from "../require-consumer.ts";
import { consumerShape } from "./consumer-shape.ts";

/** The only operation that returns the StreamARN of a consumer (observed). */
export const describeStreamConsumer = defineOperation({
  name: "DescribeStreamConsumer",
  plane: "control",
  async handle(input, context) {
    const { revision, consumer } = requireConsumer(input, context);
    return {
      ConsumerDescription: { ...consumerShape(revision.stream, consumer), StreamARN: streamArn(revision.stream) },
    };
  },
});
