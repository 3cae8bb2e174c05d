/**
 * Measures what stream encryption and compression cost and save, in one interleaved run:
 *   node_modules/.bin/node bench/packing.ts [--rounds 5] [--requests 100]
 * Two servers, without and with compression, have a plain and an encrypted stream each; windows of PutRecords and then of
 * GetRecords take turns over both, with data that compresses and data that does not. Prints CPU of the server and bytes
 * committed, per record and beside the plain stream of the same data.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { serveDirectory } from "./contestants.ts";
import { cpuSeconds } from "./process-figures.ts";
import { RawConnection } from "./raw-connection.ts";
import type { RunningServer } from "./server-process.ts";
import { type PreparedRequest, plainWire, prepareRequest } from "./wire.ts";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, requests: { type: "string", default: "100" } },
});
const rounds = Number(flags.rounds);
const requestsPerWindow = Number(flags.requests);

const recordsPerRequest = 500;
const recordBytes = 1024;
const shardCount = 4;
const connectionCount = 4;
const distinctRequests = 8;
const settleMsMax = 10_000;

interface Case {
  readonly server: RunningServer;
  readonly title: string;
  readonly streamName: string;
  readonly requests: readonly PreparedRequest[];
  readonly putCpu: number[];
  readonly putBytes: number[];
  readonly readCpu: number[];
  /** Where the next window of reads begins, by shard. */
  readonly iterators: string[];
}

const kinds = {
  /** Events of an application: names that come again, numbers that do not. */
  "JSON events": () => {
    const event = { eventType: "page_view", userId: randomUUID(), url: "https://shop.example/products/", items: [] };
    const items = Array.from({ length: 12 }, () => ({
      sku: randomBytes(4).toString("hex"),
      quantity: 1,
      price: 19.99,
    }));
    return Buffer.from(JSON.stringify({ ...event, items }).padEnd(recordBytes)).subarray(0, recordBytes);
  },
  "random bytes": () => randomBytes(recordBytes),
} as const;

function requestsOf(streamName: string, data: () => Buffer): readonly PreparedRequest[] {
  const record = () => ({ Data: data().toString("base64"), PartitionKey: randomUUID() });
  return Array.from({ length: distinctRequests }, () => {
    const Records = Array.from({ length: recordsPerRequest }, record);
    return prepareRequest("PutRecords", { StreamName: streamName, Records }, plainWire);
  });
}

async function call(control: RawConnection, operation: string, input: object): Promise<unknown> {
  const { status, body } = await control.send(prepareRequest(operation, input, plainWire));
  if (status !== 200) throw new Error(`${operation} answered ${status}: ${body.toString()}`);
  return body.length === 0 ? undefined : JSON.parse(body.toString());
}

async function untilActive(control: RawConnection, StreamName: string): Promise<void> {
  const deadline = performance.now() + settleMsMax;
  for (;;) {
    const answer = (await call(control, "DescribeStreamSummary", { StreamName })) as {
      readonly StreamDescriptionSummary: { readonly StreamStatus: string };
    };
    if (answer.StreamDescriptionSummary.StreamStatus === "ACTIVE") return;
    if (performance.now() > deadline) throw new Error(`${StreamName} did not become ACTIVE`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function casesOf(server: RunningServer, compression: string): Promise<readonly Case[]> {
  const control = await RawConnection.open(server.port, plainWire);
  const cases: Case[] = [];
  for (const [kind, data] of Object.entries(kinds)) {
    for (const sealed of [false, true]) {
      const streamName = `${kind.replace(" ", "-")}-${sealed}`;
      await call(control, "CreateStream", { StreamName: streamName, ShardCount: shardCount });
      await untilActive(control, streamName);
      if (sealed) {
        const encryption = { StreamName: streamName, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" };
        await call(control, "StartStreamEncryption", encryption);
        await untilActive(control, streamName);
      }
      const iterators: string[] = [];
      for (let shard = 0; shard < shardCount; shard++) {
        const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
        const place = { StreamName: streamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
        iterators.push(((await call(control, "GetShardIterator", place)) as { ShardIterator: string }).ShardIterator);
      }
      const title = `${kind}, compression ${compression}, ${sealed ? "encrypted" : "plain"}`;
      const figures = { putCpu: [], putBytes: [], readCpu: [] };
      cases.push({ server, title, streamName, requests: requestsOf(streamName, data), iterators, ...figures });
    }
  }
  control.close();
  return cases;
}

async function committedBytes(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^millrace_commit_bytes_total (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}

async function putWindow({ server, requests, putCpu, putBytes }: Case, connections: readonly RawConnection[]) {
  const bytesBefore = await committedBytes(server.port);
  const before = cpuSeconds(server.pid);
  let left = requestsPerWindow;
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) {
        const { status } = await connection.send(requests[left % requests.length] as PreparedRequest);
        if (status !== 200) throw new Error(`PutRecords answered ${status}`);
      }
    }),
  );
  const records = requestsPerWindow * recordsPerRequest;
  putCpu.push(((cpuSeconds(server.pid) - before) / records) * 1e6);
  putBytes.push(((await committedBytes(server.port)) - bytesBefore) / records);
}

/** Reads all that the window before it has put. */
async function readWindow({ server, iterators, readCpu }: Case, connections: readonly RawConnection[]) {
  const before = cpuSeconds(server.pid);
  let records = 0;
  await Promise.all(
    connections.map(async (connection, shard) => {
      for (;;) {
        const request = prepareRequest("GetRecords", { ShardIterator: iterators[shard] }, plainWire);
        const { body } = await connection.send(request);
        const text = body.toString("latin1");
        records += text.split('"SequenceNumber"').length - 1;
        iterators[shard] = /"NextShardIterator": *"([^"]+)"/.exec(text)?.[1] ?? "";
        if (/"MillisBehindLatest": *0[,}]/.test(text)) return;
      }
    }),
  );
  readCpu.push(((cpuSeconds(server.pid) - before) / records) * 1e6);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const directory = mkdtempSync(join(tmpdir(), "millrace-packing-"));
const servers: RunningServer[] = [];
try {
  buildServer();
  const cases: Case[] = [];
  for (const compression of ["off", "zstd"]) {
    const data = join(directory, compression);
    const server = await serveDirectory(data, ["--compression", compression]);
    servers.push(server);
    cases.push(...(await casesOf(server, compression)));
  }
  const connections = new Map<RunningServer, readonly RawConnection[]>();
  for (const server of servers) {
    connections.set(
      server,
      await Promise.all(Array.from({ length: connectionCount }, () => RawConnection.open(server.port, plainWire))),
    );
  }
  for (let round = -1; round < rounds; round++) {
    for (const each of cases) {
      const open = connections.get(each.server) ?? [];
      await putWindow(each, open);
      await readWindow(each, open);
      // The first round warms up.
      if (round < 0) for (const figures of [each.putCpu, each.putBytes, each.readCpu]) figures.length = 0;
    }
  }
  for (const open of connections.values()) for (const connection of open) connection.close();
  console.log(
    "| data, compression, stream | put CPU-s/M rec | x plain | committed B/rec | read CPU-s/M rec | x plain |",
  );
  console.log("|---|---:|---:|---:|---:|---:|");
  for (const [index, each] of cases.entries()) {
    // The plain stream of the same data on the server without compression.
    const plain = cases[(index % 4) - (index % 2)] ?? each;
    const put = median(each.putCpu);
    const read = median(each.readCpu);
    const puts = `${put.toFixed(2)} | ${(put / median(plain.putCpu)).toFixed(2)} | ${median(each.putBytes).toFixed(0)}`;
    console.log(`| ${each.title} | ${puts} | ${read.toFixed(2)} | ${(read / median(plain.readCpu)).toFixed(2)} |`);
  }
} finally {
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
