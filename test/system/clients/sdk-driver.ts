/** The AWS SDK for JavaScript, with its own waiters and paginators. */
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  type KinesisClientConfig,
  ListShardsCommand,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  paginateListStreams,
  RemoveTagsFromStreamCommand,
  SplitShardCommand,
  waitUntilStreamExists,
  waitUntilStreamNotExists,
} from "@aws-sdk/client-kinesis";
import type { ClientDriver, PlacedRecord, ReadRecord, ShardView } from "./client-driver.ts";

const waiterSeconds = { minDelay: 1, maxDelay: 1, maxWaitTime: 30 };

/** `config` decides endpoint and request handler; the SDK's defaults are the ones under test. */
export function sdkDriver(config: KinesisClientConfig): ClientDriver {
  const client = new KinesisClient({
    region: "us-east-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example-secret" },
    ...config,
  });
  return {
    async createStream(StreamName, ShardCount) {
      await client.send(new CreateStreamCommand({ StreamName, ShardCount }));
    },
    async waitUntilActive(StreamName) {
      await waitUntilStreamExists({ client, ...waiterSeconds }, { StreamName });
    },
    async listStreams() {
      const names: string[] = [];
      for await (const page of paginateListStreams({ client }, {})) names.push(...(page.StreamNames ?? []));
      return names;
    },
    async listShards(StreamName) {
      const shards: ShardView[] = [];
      for (let token: string | undefined, more = true; more; more = token !== undefined) {
        const page = await client.send(new ListShardsCommand(token ? { NextToken: token } : { StreamName }));
        for (const shard of page.Shards ?? []) {
          shards.push({
            shardId: shard.ShardId ?? "",
            parentShardIds: [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined),
            startingHashKey: shard.HashKeyRange?.StartingHashKey ?? "",
            endingHashKey: shard.HashKeyRange?.EndingHashKey ?? "",
            closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
          });
        }
        token = page.NextToken;
      }
      return shards;
    },
    async putRecords(StreamName, entries) {
      const encoder = new TextEncoder();
      const Records = entries.map(({ data, partitionKey }) => ({
        Data: encoder.encode(data),
        PartitionKey: partitionKey,
      }));
      const answer = await client.send(new PutRecordsCommand({ StreamName, Records }));
      if (answer.FailedRecordCount !== 0) throw new Error(`${answer.FailedRecordCount} records were refused`);
      return (answer.Records ?? []).map(
        (record): PlacedRecord => ({
          shardId: record.ShardId ?? "",
          sequenceNumber: record.SequenceNumber ?? "",
        }),
      );
    },
    async readShard(StreamName, ShardId) {
      const records: ReadRecord[] = [];
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const first = await client.send(
        new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
      );
      for (let iterator = first.ShardIterator; iterator !== undefined; ) {
        const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
        for (const record of page.Records ?? []) {
          records.push({
            data: decoder.decode(record.Data),
            partitionKey: record.PartitionKey ?? "",
            sequenceNumber: record.SequenceNumber ?? "",
          });
        }
        iterator = page.MillisBehindLatest === 0 ? undefined : page.NextShardIterator;
      }
      return records;
    },
    async splitShard(StreamName, ShardToSplit, NewStartingHashKey) {
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey }));
    },
    async mergeShards(StreamName, ShardToMerge, AdjacentShardToMerge) {
      await client.send(new MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }));
    },
    async addTags(StreamName, Tags) {
      await client.send(new AddTagsToStreamCommand({ StreamName, Tags }));
    },
    async listTags(StreamName) {
      const { Tags } = await client.send(new ListTagsForStreamCommand({ StreamName }));
      return Object.fromEntries((Tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
    },
    async removeTags(StreamName, keys) {
      await client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: [...keys] }));
    },
    async deleteStream(StreamName) {
      await client.send(new DeleteStreamCommand({ StreamName }));
    },
    async waitUntilGone(StreamName) {
      await waitUntilStreamNotExists({ client, ...waiterSeconds }, { StreamName });
    },
    async close() {
      client.destroy();
    },
  };
}
