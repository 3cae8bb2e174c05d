import { after, before } from "node:test";
import { call, ok, refusalOf } from "./call.ts";
import type { Consumer } from "./outputs.ts";
import { poll } from "./stream-fixture.ts";

export async function untilConsumerActive(ConsumerARN: string): Promise<void> {
  await poll(
    () => ok("DescribeStreamConsumer", { ConsumerARN }),
    ({ ConsumerDescription }) => ConsumerDescription.ConsumerStatus === "ACTIVE",
    `${ConsumerARN} is ACTIVE`,
  );
}

export async function untilConsumerGone(ConsumerARN: string): Promise<void> {
  await poll(
    () => call("DescribeStreamConsumer", { ConsumerARN }),
    (answer) => answer.status === 400 && refusalOf(answer).type === "ResourceNotFoundException",
    `${ConsumerARN} is gone`,
  );
}

/** An ACTIVE consumer for all tests of the surrounding suite, of a stream that is made before it. */
export function suiteConsumer(
  stream: { readonly arn: string },
  ConsumerName: string,
): { readonly arn: string; readonly described: Consumer } {
  let consumer: Consumer | undefined;
  before(async () => {
    consumer = (await ok("RegisterStreamConsumer", { StreamARN: stream.arn, ConsumerName })).Consumer;
    await untilConsumerActive(consumer.ConsumerARN);
  });
  after(async () => {
    // The stream takes along what a test has left.
    if (consumer !== undefined) await call("DeregisterStreamConsumer", { ConsumerARN: consumer.ConsumerARN });
  });
  const made = (): Consumer => {
    if (consumer === undefined) throw new Error("the consumer is made before the tests run");
    return consumer;
  };
  return {
    get arn() {
      return made().ConsumerARN;
    },
    get described() {
      return { ...made(), ConsumerStatus: "ACTIVE" };
    },
  };
}
