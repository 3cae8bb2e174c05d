import { streamArn } from "../../streams/arn.ts";
import { defineOperation } from "../operation.ts";
import { requireConsumer } from "../require-consumer.ts";
import { consumerOutput } from "./consumer-output.ts";

/** The only operation that returns the StreamARN of a consumer (observed). */
export const describeStreamConsumer = defineOperation({
  name: "DescribeStreamConsumer",
  plane: "control",
  async handle(input, context) {
    const { revision, consumer } = requireConsumer(input, context);
    return {
      ConsumerDescription: { ...consumerOutput(revision.stream, consumer), StreamARN: streamArn(revision.stream) },
    };
  },
});
