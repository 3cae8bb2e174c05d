import type { Consumer } from "../../model/shapes.generated.ts";
import { consumerArn } from "../../streams/arn.ts";
import type { Stream, StreamConsumer } from "../../streams/stream.ts";

/** A consumer as RegisterStreamConsumer and ListStreamConsumers return it: without StreamARN (observed). */
export function consumerOutput(stream: Stream, consumer: StreamConsumer): Consumer {
  return {
    ConsumerName: consumer.name,
    ConsumerARN: arnOfConsumer(stream, consumer),
    ConsumerStatus: consumer.status,
    ConsumerCreationTimestamp: consumer.createdMs,
  };
}

function arnOfConsumer({ account, region, name }: Stream, consumer: StreamConsumer): string {
  const createdSecond = Math.floor(consumer.createdMs / 1000);
  return consumerArn({ account, region, name, consumerName: consumer.name, createdSecond });
}
