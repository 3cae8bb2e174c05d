import type { OperationName } from "../model/shapes.generated.ts";
import { describeAccountSettings } from "./account/describe-account-settings.ts";
import { describeLimits } from "./account/describe-limits.ts";
import { updateAccountSettings } from "./account/update-account-settings.ts";
import { createChannel } from "./channels/create-channel.ts";
import { deleteChannel } from "./channels/delete-channel.ts";
import { describeChannel } from "./channels/describe-channel.ts";
import { listChannels } from "./channels/list-channels.ts";
import { updateChannel } from "./channels/update-channel.ts";
import { deregisterStreamConsumer } from "./consumers/deregister-stream-consumer.ts";
import { describeStreamConsumer } from "./consumers/describe-stream-consumer.ts";
import { listStreamConsumers } from "./consumers/list-stream-consumers.ts";
import { registerStreamConsumer } from "./consumers/register-stream-consumer.ts";
import type { Operation } from "./operation.ts";
import { deleteResourcePolicy } from "./policies/delete-resource-policy.ts";
import { getResourcePolicy } from "./policies/get-resource-policy.ts";
import { putResourcePolicy } from "./policies/put-resource-policy.ts";
import { acknowledgeDeadLetterQueueRecords } from "./queues/acknowledge-dead-letter-queue-records.ts";
import { acknowledgeQueueRecords } from "./queues/acknowledge-queue-records.ts";
import { createQueue } from "./queues/create-queue.ts";
import { deleteQueue } from "./queues/delete-queue.ts";
import { describeQueue } from "./queues/describe-queue.ts";
import { listQueues } from "./queues/list-queues.ts";
import { receiveDeadLetterQueueRecords } from "./queues/receive-dead-letter-queue-records.ts";
import { receiveQueueRecords } from "./queues/receive-queue-records.ts";
import { restoreDeadLetterQueueRecords } from "./queues/restore-dead-letter-queue-records.ts";
import { updateDeadLetterQueueRecordsVisibility } from "./queues/update-dead-letter-queue-records-visibility.ts";
import { updateQueue } from "./queues/update-queue.ts";
import { updateQueueRecordsVisibility } from "./queues/update-queue-records-visibility.ts";
import { getRecords } from "./records/get-records.ts";
import { getShardIterator } from "./records/get-shard-iterator.ts";
import { putRecord } from "./records/put-record.ts";
import { putRecords } from "./records/put-records.ts";
import { subscribeToShard } from "./records/subscribe-to-shard.ts";
import { listShards } from "./shards/list-shards.ts";
import { mergeShards } from "./shards/merge-shards.ts";
import { splitShard } from "./shards/split-shard.ts";
import { updateShardCount } from "./shards/update-shard-count.ts";
import { createStream } from "./streams/create-stream.ts";
import { decreaseStreamRetentionPeriod } from "./streams/decrease-stream-retention-period.ts";
import { deleteStream } from "./streams/delete-stream.ts";
import { describeStream } from "./streams/describe-stream.ts";
import { describeStreamSummary } from "./streams/describe-stream-summary.ts";
import { disableEnhancedMonitoring } from "./streams/disable-enhanced-monitoring.ts";
import { enableEnhancedMonitoring } from "./streams/enable-enhanced-monitoring.ts";
import { increaseStreamRetentionPeriod } from "./streams/increase-stream-retention-period.ts";
import { listStreams } from "./streams/list-streams.ts";
import { startStreamEncryption } from "./streams/start-stream-encryption.ts";
import { stopStreamEncryption } from "./streams/stop-stream-encryption.ts";
import { updateMaxRecordSize } from "./streams/update-max-record-size.ts";
import { updateStreamMode } from "./streams/update-stream-mode.ts";
import { updateStreamRecordDistributionStrategy } from "./streams/update-stream-record-distribution-strategy.ts";
import { updateStreamWarmThroughput } from "./streams/update-stream-warm-throughput.ts";
import { addTagsToStream } from "./tags/add-tags-to-stream.ts";
import { listTagsForResource } from "./tags/list-tags-for-resource.ts";
import { listTagsForStream } from "./tags/list-tags-for-stream.ts";
import { removeTagsFromStream } from "./tags/remove-tags-from-stream.ts";
import { tagResource } from "./tags/tag-resource.ts";
import { untagResource } from "./tags/untag-resource.ts";

/** All operations by their name on the wire. A missing or wrong row does not compile. */
export const operations = {
  AcknowledgeDeadLetterQueueRecords: acknowledgeDeadLetterQueueRecords,
  AcknowledgeQueueRecords: acknowledgeQueueRecords,
  AddTagsToStream: addTagsToStream,
  CreateChannel: createChannel,
  CreateQueue: createQueue,
  CreateStream: createStream,
  DecreaseStreamRetentionPeriod: decreaseStreamRetentionPeriod,
  DeleteChannel: deleteChannel,
  DeleteQueue: deleteQueue,
  DeleteResourcePolicy: deleteResourcePolicy,
  DeleteStream: deleteStream,
  DeregisterStreamConsumer: deregisterStreamConsumer,
  DescribeAccountSettings: describeAccountSettings,
  DescribeChannel: describeChannel,
  DescribeLimits: describeLimits,
  DescribeQueue: describeQueue,
  DescribeStream: describeStream,
  DescribeStreamConsumer: describeStreamConsumer,
  DescribeStreamSummary: describeStreamSummary,
  DisableEnhancedMonitoring: disableEnhancedMonitoring,
  EnableEnhancedMonitoring: enableEnhancedMonitoring,
  GetRecords: getRecords,
  GetResourcePolicy: getResourcePolicy,
  GetShardIterator: getShardIterator,
  IncreaseStreamRetentionPeriod: increaseStreamRetentionPeriod,
  ListChannels: listChannels,
  ListQueues: listQueues,
  ListShards: listShards,
  ListStreamConsumers: listStreamConsumers,
  ListStreams: listStreams,
  ListTagsForResource: listTagsForResource,
  ListTagsForStream: listTagsForStream,
  MergeShards: mergeShards,
  PutRecord: putRecord,
  PutRecords: putRecords,
  PutResourcePolicy: putResourcePolicy,
  ReceiveDeadLetterQueueRecords: receiveDeadLetterQueueRecords,
  ReceiveQueueRecords: receiveQueueRecords,
  RegisterStreamConsumer: registerStreamConsumer,
  RemoveTagsFromStream: removeTagsFromStream,
  RestoreDeadLetterQueueRecords: restoreDeadLetterQueueRecords,
  SplitShard: splitShard,
  StartStreamEncryption: startStreamEncryption,
  StopStreamEncryption: stopStreamEncryption,
  SubscribeToShard: subscribeToShard,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAccountSettings: updateAccountSettings,
  UpdateChannel: updateChannel,
  UpdateDeadLetterQueueRecordsVisibility: updateDeadLetterQueueRecordsVisibility,
  UpdateMaxRecordSize: updateMaxRecordSize,
  UpdateQueue: updateQueue,
  UpdateQueueRecordsVisibility: updateQueueRecordsVisibility,
  UpdateShardCount: updateShardCount,
  UpdateStreamMode: updateStreamMode,
  UpdateStreamRecordDistributionStrategy: updateStreamRecordDistributionStrategy,
  UpdateStreamWarmThroughput: updateStreamWarmThroughput,
} satisfies { readonly [Name in OperationName]: Operation<Name> };
