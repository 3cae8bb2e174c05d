import { streamArn } from "../../streams/arn.ts";
import { operation } from "../operation.ts";
import { requireConsumer } from "../require-consumer.ts";
import { consumerShape } from "./consumer-shape.ts";

/** The only answer that names the consumer's stream (observed). */
export const describeStreamConsumer = operation({
  name: "DescribeStreamConsumer",
  plane: "control",
  async handle(input, context) {
    const { live, consumer } = requireConsumer(input, context);
    return { ConsumerDescription: { ...consumerShape(live.stream, consumer), StreamARN: streamArn(live.stream) } };
  },
});
