import { invalidShardIterator } from "../model/iterator-errors.ts";
import { invalidNextToken, listShardsUnnamed } from "../model/list-errors.ts";
import type { OperationName } from "../model/shapes.generated.ts";
import type { Caller } from "../operations/caller.ts";
import type { InputOf } from "../records/operation-io.ts";
import {
  type ChannelAddress,
  type ConsumerAddress,
  parseChannelArn,
  parseConsumerArn,
  parseQueueArn,
  parseStreamArn,
  type QueueAddress,
  queueArn,
  type StreamAddress,
  streamArn,
} from "../streams/arn.ts";
import { type ConsumerRefMembers, resolveConsumerRef } from "../streams/consumer-ref.ts";
import { resolveStreamRef, type StreamRefMembers } from "../streams/stream-ref.ts";
import { decodePageToken } from "../streams/tokens/page-token.ts";
import type { ShardIterators } from "../streams/tokens/shard-iterator.ts";
import type { TokenCipher } from "../streams/tokens/token-cipher.ts";

/** A resource that a request acts on. */
export type PermissionTarget =
  /** The caller's account as a whole: `*` in policies. */
  | { readonly kind: "account" }
  | {
      readonly kind: "stream";
      readonly address: StreamAddress;
      /** The action that must be allowed on it; default: the operation's. */
      readonly action?: string;
    }
  | { readonly kind: "consumer"; readonly address: StreamAddress & ConsumerName }
  | { readonly kind: "queue"; readonly address: QueueAddress }
  | { readonly kind: "channel"; readonly address: ChannelAddress }
  /** A resource of a kind that this server does not have. */
  | { readonly kind: "other"; readonly arn: string };

type ConsumerName = Pick<ConsumerAddress, "consumerName"> & { readonly createdSecond?: number };

export interface PermissionRequirement<Name extends OperationName> {
  /** Whether a resource policy can allow it to other accounts; managing a stream is for its own account only. */
  readonly isShareable: boolean;
  /** The operation must be allowed on all of them. Errors: those of the operation for members that name no resource. */
  readonly targets: (input: InputOf<Name>, query: PermissionQuery) => readonly PermissionTarget[];
  /** Another action that some inputs need on the targets without an action of their own. */
  readonly also?: (input: InputOf<Name>) => string | undefined;
}

export interface PermissionQuery {
  readonly caller: Caller;
  readonly tokens: TokenCipher;
  readonly iterators: ShardIterators;
}

const account = <Name extends OperationName>(): PermissionRequirement<Name> => ({
  isShareable: false,
  targets: () => [{ kind: "account" }],
});
const ownStream = { isShareable: false, targets: streamNamed };
const sharedStream = { isShareable: true, targets: streamNamed };
const ownConsumer = { isShareable: false, targets: consumerNamed };
const sharedConsumer = { isShareable: true, targets: consumerNamed };
const ownResource = { isShareable: false, targets: resourceNamed };
const ownQueue = { isShareable: false, targets: queueNamed };
const sharedQueue = { isShareable: true, targets: queueNamed };
const channel = { isShareable: false, targets: channelNamed };

/**
 * The permissions that each operation requires: Service Authorization Reference, "Actions, resources, and condition keys
 * for Amazon Kinesis Data Streams". A missing row does not compile.
 */
export const requiredPermissions: { readonly [Name in OperationName]: PermissionRequirement<Name> } = {
  AcknowledgeDeadLetterQueueRecords: sharedQueue,
  AcknowledgeQueueRecords: sharedQueue,
  AddTagsToStream: ownStream,
  CreateChannel: {
    isShareable: false,
    targets: ({ StreamConfigurationList }) =>
      StreamConfigurationList.flatMap(({ StreamARN }) => [
        arnNamed(StreamARN),
        associatedStream(StreamARN, "AssociateStreamsWithChannel"),
      ]),
    also: ({ Tags }) => (hasTags(Tags) ? "TagResource" : undefined),
  },
  CreateQueue: {
    isShareable: false,
    targets: ({ StreamConfigurationList }, { caller: { account, region } }) => [
      // The id of the new queue is not known yet.
      { kind: "other", arn: queueArn({ account, region, queueId: "*" }) },
      ...StreamConfigurationList.map(({ StreamARN }) => associatedStream(StreamARN, "AssociateStreamsWithQueue")),
    ],
    also: ({ Tags }) => (hasTags(Tags) ? "TagResource" : undefined),
  },
  CreateStream: { ...ownStream, also: ({ Tags }) => (hasTags(Tags) ? "AddTagsToStream" : undefined) },
  DecreaseStreamRetentionPeriod: ownStream,
  DeleteChannel: channel,
  DeleteQueue: ownQueue,
  DeleteResourcePolicy: ownResource,
  DeleteStream: ownStream,
  DeregisterStreamConsumer: ownConsumer,
  DescribeAccountSettings: account(),
  DescribeChannel: channel,
  DescribeLimits: account(),
  DescribeQueue: sharedQueue,
  DescribeStream: sharedStream,
  DescribeStreamConsumer: sharedConsumer,
  DescribeStreamSummary: sharedStream,
  DisableEnhancedMonitoring: ownStream,
  EnableEnhancedMonitoring: ownStream,
  GetRecords: {
    isShareable: true,
    targets({ ShardIterator }, { iterators }) {
      const iterator = iterators.decode(ShardIterator);
      if (iterator === undefined) throw invalidShardIterator();
      return [stream({ account: iterator.account, region: iterator.region, name: iterator.streamName })];
    },
  },
  GetResourcePolicy: ownResource,
  GetShardIterator: sharedStream,
  IncreaseStreamRetentionPeriod: ownStream,
  ListChannels: {
    isShareable: false,
    targets: (_input, { caller: { account, region } }) => [
      { kind: "other", arn: streamArn({ account, region, name: "*" }) },
    ],
  },
  ListQueues: account(),
  ListShards: {
    isShareable: true,
    targets(input, query) {
      if (input.NextToken === undefined) {
        if (input.StreamName === undefined && input.StreamARN === undefined) throw listShardsUnnamed();
        return streamNamed(input, query);
      }
      const token = decodePageToken(query.tokens, "shards", input.NextToken);
      if (token === undefined) throw invalidNextToken();
      return [stream({ account: token.account, region: token.region, name: token.streamName })];
    },
  },
  ListStreamConsumers: sharedStream,
  ListStreams: account(),
  ListTagsForResource: ownResource,
  ListTagsForStream: ownStream,
  MergeShards: ownStream,
  PutRecord: sharedStream,
  PutRecords: sharedStream,
  PutResourcePolicy: ownResource,
  ReceiveDeadLetterQueueRecords: sharedQueue,
  ReceiveQueueRecords: sharedQueue,
  RegisterStreamConsumer: { ...ownStream, also: ({ Tags }) => (hasTags(Tags) ? "TagResource" : undefined) },
  RemoveTagsFromStream: ownStream,
  RestoreDeadLetterQueueRecords: sharedQueue,
  SplitShard: ownStream,
  StartStreamEncryption: ownStream,
  StopStreamEncryption: ownStream,
  SubscribeToShard: sharedConsumer,
  TagResource: ownResource,
  UntagResource: ownResource,
  UpdateAccountSettings: account(),
  UpdateChannel: channel,
  UpdateDeadLetterQueueRecordsVisibility: sharedQueue,
  UpdateMaxRecordSize: ownStream,
  UpdateQueue: ownQueue,
  UpdateQueueRecordsVisibility: sharedQueue,
  UpdateShardCount: ownStream,
  UpdateStreamMode: ownStream,
  UpdateStreamRecordDistributionStrategy: ownStream,
  UpdateStreamWarmThroughput: ownStream,
};

function streamNamed(input: StreamRefMembers, { caller }: PermissionQuery): readonly PermissionTarget[] {
  return [stream(resolveStreamRef(input, caller))];
}

function consumerNamed(input: ConsumerRefMembers): readonly PermissionTarget[] {
  return [{ kind: "consumer", address: resolveConsumerRef(input) }];
}

function resourceNamed({ ResourceARN }: { readonly ResourceARN: string }): readonly PermissionTarget[] {
  const consumer = parseConsumerArn(ResourceARN);
  if (consumer !== undefined) return [{ kind: "consumer", address: consumer }];
  const queue = parseQueueArn(ResourceARN);
  if (queue !== undefined) return [{ kind: "queue", address: queue }];
  const ofChannel = parseChannelArn(ResourceARN);
  return [ofChannel === undefined ? arnNamed(ResourceARN) : { kind: "channel", address: ofChannel }];
}

/** A stream, or anything else that an ARN names. */
function arnNamed(arn: string): PermissionTarget {
  const address = parseStreamArn(arn);
  return address === undefined ? { kind: "other", arn } : stream(address);
}

function queueNamed({ QueueARN }: { readonly QueueARN: string }): readonly PermissionTarget[] {
  const address = parseQueueArn(QueueARN);
  return [address === undefined ? { kind: "other", arn: QueueARN } : { kind: "queue", address }];
}

function associatedStream(arn: string, action: string): PermissionTarget {
  const address = parseStreamArn(arn);
  if (address === undefined) return { kind: "other", arn };
  return { ...stream(address), action };
}

function channelNamed({ ChannelARN }: { readonly ChannelARN: string }): readonly PermissionTarget[] {
  const address = parseChannelArn(ChannelARN);
  return [address === undefined ? { kind: "other", arn: ChannelARN } : { kind: "channel", address }];
}

function stream(address: StreamAddress) {
  return { kind: "stream", address } as const;
}

function hasTags(tags: Readonly<Record<string, string>> | undefined): boolean {
  return tags !== undefined && Object.keys(tags).length > 0;
}
