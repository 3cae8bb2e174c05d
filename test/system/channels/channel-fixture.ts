/** A stream with a channel into a bucket or a table, on a server of its own, as its users see both. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { call } from "../../support/kinesis-call.ts";
import { type SeaweedServer, tableBucketArn } from "../../support/seaweed-server.ts";
import { ServerProcess } from "../../support/start-server.ts";
import type { PlacesOptions, StoreServer } from "../../support/store-server.ts";
import { until } from "../../support/until.ts";

export const owner = "000000000000";

interface Described {
  readonly ChannelDescription: {
    readonly ChannelARN: string;
    readonly ChannelId: string;
    readonly ChannelStatus: string;
    readonly ChannelStatusReason?: string;
  };
}

interface StoredRecords {
  readonly FailedRecordCount: number;
  readonly Records: readonly { readonly ShardId: string }[];
}

export type ChannelFormat = "JSON" | "STRING" | "BYTE_ARRAY";

export interface ChannelWanted {
  readonly bucket: string;
  readonly format?: ChannelFormat;
  readonly compression?: "NONE" | "GZIP" | "ZSTD";
  /** Further members of S3DestinationConfiguration, and of StorageConfiguration. */
  readonly destination?: object;
  readonly storage?: object;
}

export interface TableWanted {
  /** The name of a schema that the server was given. */
  readonly schema: string;
  readonly deadLetterBucket: string;
  readonly table?: string;
  readonly compression?: "NONE" | "ZSTD" | "SNAPPY";
  readonly partitionColumns?: readonly string[];
}

const namespace = "lake";
const registry = "registry";

/** A server with a file of places, which may be changed. */
export class ChannelServer implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly placesPath: string;
  readonly #folder: string;

  private constructor(server: ServerProcess, folder: string, placesPath: string) {
    this.server = server;
    this.#folder = folder;
    this.placesPath = placesPath;
  }

  static async start(
    store: StoreServer,
    args: readonly string[] = [],
    places: PlacesOptions = {},
  ): Promise<ChannelServer> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-places-"));
    const placesPath = join(folder, "places.json");
    await store.writePlaces(placesPath, places);
    const server = await ServerProcess.start({ args: ["--channels", placesPath, ...args] });
    return new ChannelServer(server, folder, placesPath);
  }

  get endpoint(): string {
    return this.server.endpoint;
  }

  /** Writes a JSON Schema that channels into tables can name. */
  addSchema(name: string, schema: unknown): void {
    const folder = join(this.#folder, "schemas", registry);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(schema));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Makes a channel, and returns its ARN and id once it is ACTIVE. */
export async function makeChannel(
  endpoint: string,
  name: string,
  StreamARN: string,
  { bucket, format = "JSON", compression = "NONE", destination = {}, storage = {} }: ChannelWanted,
): Promise<{ readonly arn: string; readonly id: string }> {
  const { ChannelDescription } = await call<Described>(endpoint, "CreateChannel", {
    ChannelName: name,
    ServiceExecutionRoleARN: `arn:aws:iam::${owner}:role/delivery`,
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: format } }],
    S3DestinationConfiguration: {
      DataFreshnessInSeconds: 1,
      StorageConfiguration: {
        BucketARN: `arn:aws:s3:::${bucket}`,
        ExpectedBucketOwner: owner,
        CompressionType: compression,
        ...storage,
      },
      ...destination,
    },
  });
  const { ChannelARN, ChannelId } = ChannelDescription;
  assert.equal(await settledStatus(endpoint, ChannelARN), "ACTIVE");
  return { arn: ChannelARN, id: ChannelId };
}

/** Makes a channel into a table, named as itself. Returns its ARN; it may become FAILED. */
export async function createTableChannel(
  endpoint: string,
  name: string,
  StreamARN: string,
  { schema, deadLetterBucket, table = name, compression = "ZSTD", partitionColumns = [] }: TableWanted,
): Promise<string> {
  const GSRSchemaARN = `arn:aws:glue:us-east-1:${owner}:schema/${registry}/${schema}`;
  const PartitionFields = partitionColumns.map((SourceName) => ({ Transform: "TIME_HOUR", SourceName }));
  const { ChannelDescription } = await call<Described>(endpoint, "CreateChannel", {
    ChannelName: name,
    ServiceExecutionRoleARN: `arn:aws:iam::${owner}:role/delivery`,
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON", GSRSchemaARN } }],
    S3TablesDestinationConfiguration: {
      DataFreshnessInSeconds: 1,
      DeadLetterQueueS3Configuration: { BucketARN: `arn:aws:s3:::${deadLetterBucket}`, ExpectedBucketOwner: owner },
      S3TablesConfigurationList: [
        {
          ...{ TableBucketARN: tableBucketArn, Namespace: namespace, TableName: table, CompressionType: compression },
          ...(PartitionFields.length === 0 ? {} : { PartitionSpec: { PartitionFields } }),
        },
      ],
    },
  });
  return ChannelDescription.ChannelARN;
}

/**
 * Looks until it holds, on a server with `--dev`: before each further look its clock goes a second ahead, so that freshness, pauses
 * between attempts and looks at files pass at once.
 */
export async function untilLater(endpoint: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await until(async () => {
    if (await holds()) return true;
    await advance(endpoint, 1_000);
    return false;
  });
}

/** Moves the clock of a server with `--dev` ahead. */
export async function advance(endpoint: string, advanceMs: number): Promise<void> {
  const { status } = await fetch(`${endpoint}/dev/clock`, { method: "POST", body: JSON.stringify({ advanceMs }) });
  assert.equal(status, 200);
}

/** Resolves once so many rows are in a table, as the catalog's newest snapshot says. */
export async function untilRows(seaweed: SeaweedServer, table: string, count: number): Promise<void> {
  await until(async () => (await seaweed.rowCount(namespace, table)) >= count);
}

/** The state of a channel once it is not CREATING, and its reason. */
export async function settledStatus(endpoint: string, ChannelARN: string): Promise<string> {
  let status = "";
  await until(async () => {
    const { ChannelDescription } = await call<Described>(endpoint, "DescribeChannel", { ChannelARN });
    const { ChannelStatus, ChannelStatusReason } = ChannelDescription;
    status = ChannelStatusReason === undefined ? ChannelStatus : `${ChannelStatus}: ${ChannelStatusReason}`;
    return ChannelStatus !== "CREATING";
  });
  return status;
}

/** Resolves with the shard of each record. */
export async function put(
  endpoint: string,
  StreamName: string,
  records: readonly (string | Buffer)[],
): Promise<readonly string[]> {
  const shards: string[] = [];
  for (let at = 0; at < records.length; at += 500) {
    const Records = records.slice(at, at + 500).map((data, i) => {
      return { Data: Buffer.from(data).toString("base64"), PartitionKey: String(at + i) };
    });
    const input = { StreamName, Records };
    const stored = await call<StoredRecords>(endpoint, "PutRecords", input);
    assert.equal(stored.FailedRecordCount, 0);
    shards.push(...stored.Records.map(({ ShardId }) => ShardId));
  }
  return shards;
}

/** What the objects of a channel hold, decompressed by their names, dead letters apart. */
export async function delivered(
  store: StoreServer,
  bucket: string,
  channelId: string,
): Promise<{
  readonly keys: readonly string[];
  readonly bodies: readonly Buffer[];
  readonly deadLetters: readonly Buffer[];
}> {
  const objects = (await store.objects(bucket)).filter(({ key }) => key.includes(channelId));
  const letters = objects.filter(({ key }) => key.startsWith("kinesis-channel-errors/") || key.startsWith("errors/"));
  const others = objects.filter((object) => !letters.includes(object));
  return {
    keys: others.map(({ key }) => key),
    bodies: others.map(({ key, body }) => {
      if (key.endsWith(".gz")) return gunzipSync(body);
      return key.endsWith(".zst") ? zstdDecompressSync(body) : body;
    }),
    deadLetters: letters.map(({ body }) => body),
  };
}

/** The lines of all objects of a channel, sorted. */
export async function deliveredLines(
  store: StoreServer,
  bucket: string,
  channelId: string,
): Promise<readonly string[]> {
  const { bodies } = await delivered(store, bucket, channelId);
  return bodies.flatMap((body) => body.toString().split("\n").slice(0, -1)).sort();
}
