/** The AWS CLI, version 1 or 2, its records in files as `--cli-input-json file://…` takes them. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AwsCli } from "../../support/available-tools.ts";
import { type ClientDriver, clientEnvironment, type ReadRecord, type ShardView } from "./client-driver.ts";
import { startPythonCalls } from "./python-calls.ts";

interface CliShard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
  readonly SequenceNumberRange: { readonly EndingSequenceNumber?: string };
}

interface CliPutRecords {
  readonly FailedRecordCount: number;
  readonly Records: readonly { readonly ShardId: string; readonly SequenceNumber: string }[];
}

interface CliGetRecords {
  readonly Records: readonly {
    readonly Data: string;
    readonly PartitionKey: string;
    readonly SequenceNumber: string;
  }[];
  readonly NextShardIterator?: string;
  readonly MillisBehindLatest: number;
}

const outputBytesMax = 64 * 1024 * 1024;

interface AwsCliRuns {
  /** Runs a command of `aws kinesis` with its options, and resolves with what it prints. */
  readonly run: (args: readonly string[]) => Promise<string>;
  readonly takesBlobsAs: "text" | "base64";
  readonly close: () => Promise<void>;
}

/** A process for every call, which takes half a second or more. */
export function startAwsCliDriver({ command, majorVersion }: AwsCli, endpoint: string): Promise<ClientDriver> {
  const options = { env: { ...process.env, ...clientEnvironment }, maxBuffer: outputBytesMax };
  return awsCliDriver({
    async run(args) {
      const all = ["--endpoint-url", endpoint, "--output", "json", "kinesis", ...args];
      return (await promisify(execFile)(command, all, options)).stdout;
    },
    takesBlobsAs: majorVersion === 1 ? "text" : "base64",
    close: async () => undefined,
  });
}

/** One process for all calls, in which the CLI's own code takes their arguments one after the other. */
export function startAwsCliInOneProcess(python: string, endpoint: string): Promise<ClientDriver> {
  const { call, close } = startPythonCalls({ python, script: "aws_cli_api.py", args: [endpoint] });
  return awsCliDriver({
    async run([command = "", ...options]) {
      const [code, stdout, stderr] = await call<readonly [number, string, string]>("run", command, null, ...options);
      if (code !== 0) throw new Error(`aws kinesis ${command}: ${stderr}`);
      return stdout;
    },
    takesBlobsAs: "text",
    close,
  });
}

async function awsCliDriver({ run, takesBlobsAs, close }: AwsCliRuns): Promise<ClientDriver> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  let fileCount = 0;
  const aws = async <T>(...args: readonly string[]): Promise<T> => {
    const stdout = await run(args);
    return (stdout.trim() === "" ? {} : JSON.parse(stdout)) as T;
  };
  const blob = (text: string) => (takesBlobsAs === "text" ? text : Buffer.from(text).toString("base64"));
  return {
    async createStream(streamName, shardCount) {
      await aws("create-stream", "--stream-name", streamName, "--shard-count", String(shardCount));
    },
    async waitUntilActive(streamName) {
      await aws("wait", "stream-exists", "--stream-name", streamName);
    },
    async listStreams() {
      return (await aws<{ readonly StreamNames: readonly string[] }>("list-streams")).StreamNames;
    },
    async listShards(streamName) {
      const answer = await aws<{ readonly Shards: readonly CliShard[] }>("list-shards", "--stream-name", streamName);
      return answer.Shards.map(
        (shard): ShardView => ({
          shardId: shard.ShardId,
          parentShardIds: [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined),
          startingHashKey: shard.HashKeyRange.StartingHashKey,
          endingHashKey: shard.HashKeyRange.EndingHashKey,
          closed: shard.SequenceNumberRange.EndingSequenceNumber !== undefined,
        }),
      );
    },
    async putRecords(StreamName, entries) {
      const Records = entries.map((entry) => ({ Data: blob(entry.data), PartitionKey: entry.partitionKey }));
      const file = join(directory, `put-${fileCount++}.json`);
      await writeFile(file, JSON.stringify({ StreamName, Records }));
      const answer = await aws<CliPutRecords>("put-records", "--cli-input-json", `file://${file}`);
      if (answer.FailedRecordCount !== 0) throw new Error(`${answer.FailedRecordCount} records were refused`);
      return answer.Records.map((each) => ({ shardId: each.ShardId, sequenceNumber: each.SequenceNumber }));
    },
    async readShard(streamName, shardId) {
      const place = ["--stream-name", streamName, "--shard-id", shardId, "--shard-iterator-type", "TRIM_HORIZON"];
      const first = await aws<{ readonly ShardIterator: string }>("get-shard-iterator", ...place);
      const records: ReadRecord[] = [];
      for (let iterator: string | undefined = first.ShardIterator; iterator !== undefined; ) {
        const page: CliGetRecords = await aws("get-records", "--shard-iterator", iterator);
        for (const each of page.Records) {
          const data = Buffer.from(each.Data, "base64").toString();
          records.push({ data, partitionKey: each.PartitionKey, sequenceNumber: each.SequenceNumber });
        }
        iterator = page.MillisBehindLatest === 0 ? undefined : page.NextShardIterator;
      }
      return records;
    },
    async splitShard(streamName, shardId, newStartingHashKey) {
      const key = ["--new-starting-hash-key", newStartingHashKey];
      await aws("split-shard", "--stream-name", streamName, "--shard-to-split", shardId, ...key);
    },
    async mergeShards(streamName, shardId, adjacentShardId) {
      const shards = ["--shard-to-merge", shardId, "--adjacent-shard-to-merge", adjacentShardId];
      await aws("merge-shards", "--stream-name", streamName, ...shards);
    },
    async addTags(streamName, tags) {
      await aws("add-tags-to-stream", "--stream-name", streamName, "--tags", JSON.stringify(tags));
    },
    async listTags(streamName) {
      const answer = await aws<{ readonly Tags: readonly { readonly Key: string; readonly Value: string }[] }>(
        "list-tags-for-stream",
        "--stream-name",
        streamName,
      );
      return Object.fromEntries(answer.Tags.map((tag) => [tag.Key, tag.Value]));
    },
    async removeTags(streamName, keys) {
      await aws("remove-tags-from-stream", "--stream-name", streamName, "--tag-keys", ...keys);
    },
    async deleteStream(streamName) {
      await aws("delete-stream", "--stream-name", streamName);
    },
    async waitUntilGone(streamName) {
      await aws("wait", "stream-not-exists", "--stream-name", streamName);
    },
    async close() {
      await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
