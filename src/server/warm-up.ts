import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import type { LiveStream } from "../directory/live-stream.ts";
import { ShardTraffic } from "../shards/shard-traffic.ts";
import { formatShardId } from "../streams/shard-id.ts";
import type { Clock } from "../time/clock.ts";
import type { WireResponse } from "./exchange.ts";
import { type Pipeline, requestHandler } from "./handle-request.ts";
import { listen } from "./listen.ts";

const answerMsMax = 1_000;
const host = "127.0.0.1";
const secretHeader = "x-millrace-rehearsal";
const forOthers: WireResponse = { status: 503, headers: {}, body: "" };

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads the oldest record of some stream, from socket to socket, so that the first client does not wait for what that has the
 * process load and compile; over a port of its own, which answers nobody else. No limit is charged, no shard's traffic counted;
 * whoever listens to `requestFinished` hears of two requests. Whether there was a record does not matter, nor whether there
 * could be such a port; and what is wrong with the stream is for those to hear who ask for it.
 */
export async function rehearseRead({ limits: _, ...house }: Pipeline["house"], worldClock: Clock): Promise<void> {
  const live = firstOpen(house.directory.all());
  if (live === undefined) return;
  const { account, region, name: StreamName, shards } = live.stream;
  const handle = requestHandler({
    house: { ...house, shards: { ...house.shards, limits: undefined, traffic: new ShardTraffic() } },
    authentication: { account, region, allowAnonymous: true },
  });
  const secret = randomUUID();
  const listening = await listen({
    hosts: [host],
    port: 0,
    clock: worldClock,
    handler: async (request) => (request.headers[secretHeader] === secret ? await handle(request) : forOthers),
  }).catch(() => undefined);
  if (listening === undefined) return;
  const ask = (operation: string, input: object): Promise<string> => {
    const body = JSON.stringify(input);
    const head = [
      "POST / HTTP/1.1",
      "Host: localhost",
      "Content-Type: application/x-amz-json-1.1",
      `X-Amz-Target: Kinesis_20131202.${operation}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `${secretHeader}: ${secret}`,
    ];
    return answerTo({ host, port: listening.port }, head, body);
  };
  const ShardId = formatShardId(shards[0]?.index ?? 0);
  const place = await ask("GetShardIterator", { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" });
  const [, ShardIterator] = /"ShardIterator":"([^"]*)"/.exec(place) ?? [];
  if (ShardIterator !== undefined) await ask("GetRecords", { ShardIterator, Limit: 1 });
  await listening.close({ graceMs: 0 });
}

/** One that has never been encrypted: its key may be at the other end of a network. */
function firstOpen(streams: Iterable<LiveStream>): LiveStream | undefined {
  for (const live of streams) if (live.stream.shards.length > 0 && live.stream.dataKeys === undefined) return live;
  return undefined;
}

/** Has the server answer a request for its health, for the same reason. Resolves when it has, or cannot: which one does not matter. */
export async function rehearseHealth({
  hosts,
  port,
}: {
  readonly hosts: readonly string[];
  readonly port: number;
}): Promise<void> {
  await answerTo({ host: hosts[0] ?? host, port }, ["GET /health HTTP/1.1", "Host: localhost"]);
}

/** All that comes back before the connection ends; nothing where there is none, or if it takes too long. */
function answerTo(address: Address, head: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ ...address, timeout: answerMsMax }).setEncoding("latin1");
    socket.on("connect", () => socket.write(`${head.join("\r\n")}\r\nConnection: close\r\n\r\n${body}`));
    socket.on("data", (piece) => {
      answer += piece;
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}
