import type { OperationName } from "../model/shapes.generated.ts";
import { notBuilt } from "./not-built.ts";
import type { Operation } from "./operation.ts";
import { getRecords } from "./records/get-records.ts";
import { getShardIterator } from "./records/get-shard-iterator.ts";
import { putRecord } from "./records/put-record.ts";
import { putRecords } from "./records/put-records.ts";
import { listShards } from "./shards/list-shards.ts";
import { mergeShards } from "./shards/merge-shards.ts";
import { splitShard } from "./shards/split-shard.ts";
import { createStream } from "./streams/create-stream.ts";
import { deleteStream } from "./streams/delete-stream.ts";
import { describeStream } from "./streams/describe-stream.ts";
import { describeStreamSummary } from "./streams/describe-stream-summary.ts";
import { listStreams } from "./streams/list-streams.ts";
import { addTagsToStream } from "./tags/add-tags-to-stream.ts";
import { listTagsForStream } from "./tags/list-tags-for-stream.ts";
import { removeTagsFromStream } from "./tags/remove-tags-from-stream.ts";

/** Every operation by its wire name. A missing or misfiled row does not compile. */
export const operations = {
  AddTagsToStream: addTagsToStream,
  CreateChannel: notBuilt("CreateChannel"),
  CreateStream: createStream,
  DecreaseStreamRetentionPeriod: notBuilt("DecreaseStreamRetentionPeriod"),
  DeleteChannel: notBuilt("DeleteChannel"),
  DeleteResourcePolicy: notBuilt("DeleteResourcePolicy"),
  DeleteStream: deleteStream,
  DeregisterStreamConsumer: notBuilt("DeregisterStreamConsumer"),
  DescribeAccountSettings: notBuilt("DescribeAccountSettings"),
  DescribeChannel: notBuilt("DescribeChannel"),
  DescribeLimits: notBuilt("DescribeLimits"),
  DescribeStream: describeStream,
  DescribeStreamConsumer: notBuilt("DescribeStreamConsumer"),
  DescribeStreamSummary: describeStreamSummary,
  DisableEnhancedMonitoring: notBuilt("DisableEnhancedMonitoring"),
  EnableEnhancedMonitoring: notBuilt("EnableEnhancedMonitoring"),
  GetRecords: getRecords,
  GetResourcePolicy: notBuilt("GetResourcePolicy"),
  GetShardIterator: getShardIterator,
  IncreaseStreamRetentionPeriod: notBuilt("IncreaseStreamRetentionPeriod"),
  ListChannels: notBuilt("ListChannels"),
  ListShards: listShards,
  ListStreamConsumers: notBuilt("ListStreamConsumers"),
  ListStreams: listStreams,
  ListTagsForResource: notBuilt("ListTagsForResource"),
  ListTagsForStream: listTagsForStream,
  MergeShards: mergeShards,
  PutRecord: putRecord,
  PutRecords: putRecords,
  PutResourcePolicy: notBuilt("PutResourcePolicy"),
  RegisterStreamConsumer: notBuilt("RegisterStreamConsumer"),
  RemoveTagsFromStream: removeTagsFromStream,
  SplitShard: splitShard,
  StartStreamEncryption: notBuilt("StartStreamEncryption"),
  StopStreamEncryption: notBuilt("StopStreamEncryption"),
  SubscribeToShard: notBuilt("SubscribeToShard"),
  TagResource: notBuilt("TagResource"),
  UntagResource: notBuilt("UntagResource"),
  UpdateAccountSettings: notBuilt("UpdateAccountSettings"),
  UpdateChannel: notBuilt("UpdateChannel"),
  UpdateMaxRecordSize: notBuilt("UpdateMaxRecordSize"),
  UpdateShardCount: notBuilt("UpdateShardCount"),
  UpdateStreamMode: notBuilt("UpdateStreamMode"),
  UpdateStreamRecordDistributionStrategy: notBuilt("UpdateStreamRecordDistributionStrategy"),
  UpdateStreamWarmThroughput: notBuilt("UpdateStreamWarmThroughput"),
} satisfies { readonly [Name in OperationName]: Operation<Name> };
