import { consumerMembersDiffer, consumerNotIdentified, invalidConsumerArn } from "../model/consumer-errors.ts";
import { invalidStreamArn } from "../model/stream-errors.ts";
import { type ConsumerAddress, parseConsumerArn, parseStreamArn, type StreamAddress } from "./arn.ts";
import type { Stream, StreamConsumer } from "./stream.ts";

/** The members by which DescribeStreamConsumer and DeregisterStreamConsumer name a consumer. */
export interface ConsumerRefMembers {
  readonly ConsumerARN?: string | undefined;
  readonly StreamARN?: string | undefined;
  readonly ConsumerName?: string | undefined;
}

/** A consumer by its name within a stream, or by its ARN, which has its creation second too. */
export interface ConsumerRef extends StreamAddress {
  readonly consumerName: string;
  readonly createdSecond?: number;
  /** The name or ARN in the request, for error texts. */
  readonly given: string;
}

/** Errors: InvalidArgumentException when the members name no consumer, or several. */
export function resolveConsumerRef({ ConsumerARN, StreamARN, ConsumerName }: ConsumerRefMembers): ConsumerRef {
  const stream = StreamARN === undefined ? undefined : parseStreamArn(StreamARN);
  if (StreamARN !== undefined && stream === undefined) throw invalidStreamArn(StreamARN);
  if (ConsumerARN === undefined) {
    if (stream === undefined || ConsumerName === undefined) throw consumerNotIdentified();
    return { ...stream, consumerName: ConsumerName, given: ConsumerName };
  }
  const consumer = parseConsumerArn(ConsumerARN);
  if (consumer === undefined) throw invalidConsumerArn(ConsumerARN);
  const isOtherStream = stream !== undefined && !isSameStream(stream, consumer);
  const isOtherName = ConsumerName !== undefined && ConsumerName !== consumer.consumerName;
  if (isOtherStream || isOtherName) throw consumerMembersDiffer();
  return { ...consumer, given: ConsumerARN };
}

/** Matches the name, and the creation second if the reference has one: a later consumer of the same name is another. */
export function findConsumer(
  { consumers = [] }: Pick<Stream, "consumers">,
  ref: Pick<ConsumerAddress, "consumerName"> & { readonly createdSecond?: number },
): StreamConsumer | undefined {
  return consumers.find(
    (consumer) =>
      consumer.name === ref.consumerName &&
      (ref.createdSecond === undefined || Math.floor(consumer.createdMs / 1000) === ref.createdSecond),
  );
}

/** The stream with the consumer of the same name replaced. */
export function replaceConsumer(stream: Stream, changed: StreamConsumer): Stream {
  const consumers = (stream.consumers ?? []).map((consumer) => (consumer.name === changed.name ? changed : consumer));
  return { ...stream, consumers };
}

function isSameStream(one: StreamAddress, other: StreamAddress): boolean {
  return one.account === other.account && one.region === other.region && one.name === other.name;
}
