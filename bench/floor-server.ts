/**
 * The floors: node:http servers that do only the unavoidable part of the work, to show what is left to win.
 *   drain   reads the request and answers a constant
 *   parse   also runs JSON.parse over it
 *   answer  also decodes base64, hashes each partition key with createHash("md5") and writes a true answer
 * For GetRecords the first two send a page made beforehand; `answer` makes it from raw bytes with JSON.stringify.
 * Nothing is stored. Run as `node floor-server.ts drain`; prints `floor ready on PORT`.
 */
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface PutEntry {
  readonly Data: string;
  readonly PartitionKey: string;
}

const variant = process.argv[2];
if (variant !== "drain" && variant !== "parse" && variant !== "answer") throw new Error(`no floor named ${variant}`);

const shardCount = 4n;
const pageRecords = Array.from({ length: 1000 }, (_, index) => ({
  PartitionKey: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  data: Buffer.alloc(1024, index),
}));
const preparedPage = makePage();
const empty = Buffer.from("{}");
const description = Buffer.from(
  JSON.stringify({
    StreamDescription: {
      StreamStatus: "ACTIVE",
      Shards: Array.from({ length: Number(shardCount) }, (_, index) => ({ ShardId: shardIdOf(BigInt(index)) })),
    },
  }),
);
const iterator = Buffer.from(JSON.stringify({ ShardIterator: "first" }));
const tipIterator = Buffer.from(JSON.stringify({ ShardIterator: "tip" }));
const emptyPage = Buffer.from(JSON.stringify({ MillisBehindLatest: 0, NextShardIterator: "tip", Records: [] }));
let sequence = 10n ** 55n;

function shardIdOf(index: bigint): string {
  return `shardId-${String(index).padStart(12, "0")}`;
}

function nextSequenceNumber(): string {
  sequence += 1n;
  return String(sequence);
}

function makePage(): Buffer {
  return Buffer.from(
    JSON.stringify({
      MillisBehindLatest: 1000,
      NextShardIterator: "next",
      Records: pageRecords.map((record, index) => ({
        ApproximateArrivalTimestamp: 1_700_000_000.123,
        Data: record.data.toString("base64"),
        PartitionKey: record.PartitionKey,
        SequenceNumber: String(10n ** 55n + BigInt(index)),
      })),
    }),
  );
}

function place(entry: PutEntry): { SequenceNumber: string; ShardId: string } {
  const data = Buffer.from(entry.Data, "base64");
  const digest = createHash("md5").update(entry.PartitionKey).digest();
  if (data.length > 10 * 1024 * 1024) throw new Error("record too large");
  return { SequenceNumber: nextSequenceNumber(), ShardId: shardIdOf((digest.readBigUInt64BE(0) * shardCount) >> 64n) };
}

function answer(operation: string, chunks: readonly Buffer[]): Buffer {
  switch (operation) {
    case "DescribeStream":
      return description;
    case "GetShardIterator":
      return Buffer.concat(chunks).includes("LATEST") ? tipIterator : iterator;
    case "PutRecord":
    case "PutRecords":
    case "GetRecords":
      break;
    default:
      return empty;
  }
  if (variant === "drain") return operation === "GetRecords" ? preparedPage : empty;
  const input: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if ((input as { readonly ShardIterator?: string }).ShardIterator === "tip") return emptyPage;
  if (variant === "parse") return operation === "GetRecords" ? preparedPage : empty;
  if (operation === "GetRecords") return makePage();
  if (operation === "PutRecord") return Buffer.from(JSON.stringify(place(input as PutEntry)));
  const records = (input as { readonly Records: readonly PutEntry[] }).Records.map(place);
  return Buffer.from(JSON.stringify({ FailedRecordCount: 0, Records: records }));
}

function write(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { "Content-Type": "application/x-amz-json-1.1", "Content-Length": body.length });
  response.end(body);
}

const server = createServer((request, response) => {
  const operation = String(request.headers["x-amz-target"]).slice("Kinesis_20131202.".length);
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => {
    if (variant !== "drain") chunks.push(chunk);
  });
  request.on("end", () => write(response, answer(operation, chunks)));
});
server.listen(0, "127.0.0.1", () => console.log(`floor ready on ${(server.address() as AddressInfo).port}`));
