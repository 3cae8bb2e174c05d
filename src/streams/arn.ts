/** The parts of a stream ARN. The partition follows from the region. */
export interface StreamAddress {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** The parts of a consumer ARN. */
export interface ConsumerAddress extends StreamAddress {
  readonly consumerName: string;
  /** Epoch second of its creation: a later consumer of the same name has another ARN. */
  readonly createdSecond: number;
}

/** The parts of a queue ARN. */
export interface QueueAddress {
  readonly account: string;
  readonly region: string;
  /** Made by the server; the queue's name is not in the ARN. */
  readonly queueId: string;
}

/** The parts of a channel ARN. */
export interface ChannelAddress {
  readonly account: string;
  readonly region: string;
  /** Made by the server; the channel's name is not in the ARN. */
  readonly channelId: string;
}

export function streamArn({ account, region, name }: StreamAddress): string {
  return `arn:${awsPartitionOf(region)}:kinesis:${region}:${account}:stream/${name}`;
}

export function consumerArn(consumer: ConsumerAddress): string {
  return `${streamArn(consumer)}/consumer/${consumer.consumerName}:${consumer.createdSecond}`;
}

export function queueArn({ account, region, queueId }: QueueAddress): string {
  return `arn:${awsPartitionOf(region)}:kinesis:${region}:${account}:queue/${queueId}`;
}

export function channelArn({ account, region, channelId }: ChannelAddress): string {
  return `arn:${awsPartitionOf(region)}:kinesis:${region}:${account}:channel/${channelId}`;
}

const STREAM_ARN = /^arn:aws[a-z-]*:kinesis:([^:]+):([0-9]{12}):stream\/([a-zA-Z0-9_.-]{1,128})$/;
const CONSUMER_ARN =
  /^arn:aws[a-z-]*:kinesis:([^:]+):([0-9]{12}):stream\/([a-zA-Z0-9_.-]{1,128})\/consumer\/([a-zA-Z0-9_.-]{1,128}):([0-9]{1,12})$/;
/** AWS's endpoint rules: an id is a label of a host name. */
const QUEUE_ARN = /^arn:aws[a-z-]*:kinesis:([^:]+):([0-9]{12}):queue\/([a-zA-Z0-9-]{1,63})$/;

/** Model, ChannelId: 1 to 64 characters. */
const CHANNEL_ARN = /^arn:aws[a-z-]*:kinesis:([^:]+):([0-9]{12}):channel\/([a-zA-Z0-9-]{1,64})$/;

export function parseStreamArn(arn: string): StreamAddress | undefined {
  const [, region, account, name] = STREAM_ARN.exec(arn) ?? [];
  if (region === undefined || account === undefined || name === undefined) return undefined;
  return { account, region, name };
}

export function parseConsumerArn(arn: string): ConsumerAddress | undefined {
  const [, region, account, name, consumerName, createdSecond] = CONSUMER_ARN.exec(arn) ?? [];
  if (region === undefined || account === undefined || name === undefined || consumerName === undefined)
    return undefined;
  return { account, region, name, consumerName, createdSecond: Number(createdSecond) };
}

export function parseQueueArn(arn: string): QueueAddress | undefined {
  const [, region, account, queueId] = QUEUE_ARN.exec(arn) ?? [];
  if (region === undefined || account === undefined || queueId === undefined) return undefined;
  return { account, region, queueId };
}

export function parseChannelArn(arn: string): ChannelAddress | undefined {
  const [, region, account, channelId] = CHANNEL_ARN.exec(arn) ?? [];
  if (region === undefined || account === undefined || channelId === undefined) return undefined;
  return { account, region, channelId };
}

// AWS General Reference, partitions: the prefixes of their regions.
const PARTITIONS: readonly (readonly [regionPrefix: string, partition: string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-iso-", "aws-iso"],
  ["us-isob-", "aws-iso-b"],
  ["us-isof-", "aws-iso-f"],
  ["eu-isoe-", "aws-iso-e"],
  ["eusc-", "aws-eusc"],
];

/** The partition in the ARNs of a region: `aws` for most regions. */
export function awsPartitionOf(region: string): string {
  return PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "aws";
}
