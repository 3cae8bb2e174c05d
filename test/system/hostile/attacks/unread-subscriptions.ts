import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { type EventMessage, EventMessages } from "../../../support/event-messages.ts";
import { RawConnection } from "../../../support/raw-connection.ts";
import { type Attack, bytesOf, signed, type Target } from "../attack.ts";
import { type AttackConnection, openConnection, untilAborted } from "../attack-connection.ts";

const StreamName = "backlog";
const shardCount = 20;
const consumerCount = 10;
const recordsPerCall = 400;
const recordBytes = 9_000;
const callCount = 20;
/** A consumer subscribes again to its shards after so long: sooner is refused. */
const againMs = 10_000;
/** A polite subscriber takes the records of one shard after another; all of them have come in this time. */
const shardMsMax = 20_000;
/** Between the beginnings of two reads: the same shard comes again after more than the 5 s in which that is refused. */
const readMsMin = 500;
/** What a slow one reads in a second. */
const slowBytesPerSecond = 256 * 1024;

type Call = (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

function startingAt(ConsumerARN: string, shard: number): object {
  const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
  return { ConsumerARN, ShardId, StartingPosition: { Type: "TRIM_HORIZON" } };
}

/** A stream with some MiB in each shard; resolves with the consumers. */
async function fill(call: Call, names: readonly string[]): Promise<readonly string[]> {
  await call("CreateStream", { StreamName, ShardCount: shardCount });
  let summary: { readonly StreamStatus?: string; readonly StreamARN?: string } = {};
  while (summary.StreamStatus !== "ACTIVE") {
    await pause(50);
    summary = (await call("DescribeStreamSummary", { StreamName }))["StreamDescriptionSummary"] as typeof summary;
  }
  const Data = Buffer.alloc(recordBytes, 7).toString("base64");
  for (let round = 0; round < callCount; round++) {
    const Records = Array.from({ length: recordsPerCall }, (_, index) => ({ PartitionKey: `${round}-${index}`, Data }));
    await call("PutRecords", { StreamName, Records });
  }
  const { StreamARN } = summary;
  const arns: string[] = [];
  for (const ConsumerName of names) {
    const { Consumer } = await call("RegisterStreamConsumer", { StreamARN, ConsumerName });
    const { ConsumerARN } = Consumer as { readonly ConsumerARN: string };
    for (let status = ""; status !== "ACTIVE"; ) {
      const { ConsumerDescription } = await call("DescribeStreamConsumer", { ConsumerARN });
      status = (ConsumerDescription as { readonly ConsumerStatus: string }).ConsumerStatus;
    }
    arns.push(ConsumerARN);
  }
  return arns;
}

/** Subscribes to all shards, one half over connections of their own, the other over one session; reads nothing. */
async function subscribeUnread(target: Target, arn: string): Promise<() => void> {
  const connections: AttackConnection[] = [];
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${target.port}`);
  session.on("error", () => undefined);
  for (let shard = 0; shard < shardCount; shard++) {
    const request = signed(target, "SubscribeToShard", startingAt(arn, shard));
    if (shard % 2 === 0) {
      const connection = await openConnection(target.port, { reads: false });
      if (connection === undefined) continue;
      connection.socket.write(bytesOf(request));
      connections.push(connection);
    } else if (!session.destroyed) {
      const { host = "", ...headers } = request.headers;
      const stream = session.request({ ":method": "POST", ":path": "/", ":authority": host, ...headers });
      stream.on("error", () => undefined);
      stream.end(request.body);
    }
  }
  return () => {
    for (const { socket } of connections) socket.destroy();
    session.destroy();
  };
}

/** How many milliseconds a subscription is behind, by its last event; throws what ends it. */
function behindMsOf(message: EventMessage, before: number): number {
  const { headers, payload } = message;
  if (headers.get(":message-type") !== "event") throw new Error(payload.toString());
  if (headers.get(":event-type") !== "SubscribeToShardEvent") return before;
  return (JSON.parse(payload.toString()) as { readonly MillisBehindLatest: number }).MillisBehindLatest;
}

/** Reads a shard from its start to its tip; throws when that fails. */
async function readShard(target: Target, arn: string, shard: number, bytesPerSecond: number): Promise<void> {
  const connection = await openConnection(target.port, { reads: false });
  if (connection === undefined) throw new Error("refused");
  const { socket } = connection;
  const messages = new EventMessages();
  socket.write(bytesOf(signed(target, "SubscribeToShard", startingAt(arn, shard))));
  let text: Buffer = Buffer.alloc(0);
  let behindMs = Number.POSITIVE_INFINITY;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text = Buffer.concat([text, chunk]);
    if (text.toString("latin1", 0, 10) === "HTTP/1.1 4") throw new Error(text.toString("latin1"));
    const whole = takeChunks(text);
    text = whole.rest;
    for (const bytes of whole.chunks) {
      for (const message of messages.take(bytes)) behindMs = behindMsOf(message, behindMs);
    }
    if (behindMs === 0) break;
    if (bytesPerSecond !== Number.POSITIVE_INFINITY) await pause((chunk.length * 1000) / bytesPerSecond);
  }
  socket.destroy();
  if (behindMs > 0) throw new Error(`cut while ${behindMs} ms behind`);
}

/** The whole chunks of a chunked body, which may have its head in front. */
function takeChunks(bytes: Buffer): { readonly chunks: readonly Buffer[]; readonly rest: Buffer } {
  const chunks: Buffer[] = [];
  let at = bytes.toString("latin1", 0, 5) === "HTTP/" ? bytes.indexOf("\r\n\r\n") + 4 : 0;
  if (at === 3) return { chunks, rest: bytes };
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const length = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(length) || bytes.length < lineEnd + 2 + length + 2) return { chunks, rest: bytes.subarray(at) };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}

/** Reads one shard after the other; resolves with what went wrong. */
async function readPolitely(
  target: Target,
  arn: string,
  { bytesPerSecond, signal }: { readonly bytesPerSecond: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const faults: string[] = [];
  const name = `the subscriber of ${bytesPerSecond / 1024} KiB/s`;
  for (let round = 0; !signal.aborted; round++) {
    const startedMs = performance.now();
    const reading = readShard(target, arn, round % shardCount, bytesPerSecond).catch((error: Error) => {
      faults.push(`${name}: ${error.message}`);
    });
    await Promise.race([reading, untilAborted(signal)]);
    const tookMs = performance.now() - startedMs;
    if (bytesPerSecond === Number.POSITIVE_INFINITY && tookMs > shardMsMax) {
      faults.push(`${name}: a shard took ${Math.round(tookMs)} ms`);
    }
    await pause(Math.max(0, readMsMin - tookMs));
  }
  return [...new Set(faults)];
}

export const unreadSubscriptions: Attack = {
  name: "200 unread subscriptions over both versions",
  async run(target, signal) {
    const connection = await RawConnection.open(target.port);
    const call: Call = async (operation, input) => {
      const { status, json } = await connection.send(signed(target, operation, input));
      if (status !== 200) throw new Error(`${operation}: ${JSON.stringify(json)}`);
      return json;
    };
    const names = Array.from({ length: consumerCount }, (_, index) => `unread-${index}`);
    const [fast = "", slow = "", ...unread] = await fill(call, ["fast", "slow", ...names]);
    connection.close();
    const reading = [
      readPolitely(target, fast, { bytesPerSecond: Number.POSITIVE_INFINITY, signal }),
      readPolitely(target, slow, { bytesPerSecond: slowBytesPerSecond, signal }),
    ];
    while (!signal.aborted) {
      const ends = await Promise.all(unread.map((arn) => subscribeUnread(target, arn)));
      await pause(againMs, undefined, { signal }).catch(() => undefined);
      for (const end of ends) end();
    }
    return (await Promise.all(reading)).flat();
  },
};
