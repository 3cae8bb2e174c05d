import { connect } from "node:net";
import type { LiveStream } from "../directory/live-stream.ts";
import { ShardTraffic } from "../shards/shard-traffic.ts";
import { formatShardId } from "../streams/shard-id.ts";
import type { WireResponse } from "./exchange.ts";
import { type Pipeline, requestHandler } from "./handle-request.ts";

const answerMsMax = 1_000;

/**
 * Reads the oldest record of some stream, from iterator to answer, so that the first client does not wait for what that has the
 * process load and compile. No limit is charged, no shard's traffic counted; whoever listens to `requestFinished` hears of two
 * requests. Whether there was a record does not matter, and what is wrong with the stream is for those to hear who ask for it.
 */
export async function rehearseRead({ limits: _, ...house }: Pipeline["house"]): Promise<void> {
  const live = firstOpen(house.directory.all());
  if (live === undefined) return;
  const { account, region, name: StreamName, shards } = live.stream;
  const handle = requestHandler({
    house: { ...house, shards: { ...house.shards, limits: undefined, traffic: new ShardTraffic() } },
    authentication: { account, region, allowAnonymous: true },
  });
  const ask = (operation: string, input: object): Promise<WireResponse> =>
    handle({
      method: "POST",
      url: "/",
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Kinesis_20131202.${operation}` },
      body: Buffer.from(JSON.stringify(input)),
      signal: new AbortController().signal,
    });
  const ShardId = formatShardId(shards[0]?.index ?? 0);
  const place = await ask("GetShardIterator", { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" });
  if (place.status !== 200) return;
  const { ShardIterator } = JSON.parse(String(place.body)) as { ShardIterator: string };
  await ask("GetRecords", { ShardIterator, Limit: 1 });
}

/** One that has never been encrypted: its key may be at the other end of a network. */
function firstOpen(streams: Iterable<LiveStream>): LiveStream | undefined {
  for (const live of streams) if (live.stream.shards.length > 0 && live.stream.dataKeys === undefined) return live;
  return undefined;
}

/** Has the server answer a request for its health, for the same reason. Resolves when it has, or cannot: which one does not matter. */
export function rehearseHealth({
  hosts,
  port,
}: {
  readonly hosts: readonly string[];
  readonly port: number;
}): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: hosts[0] ?? "127.0.0.1", port, timeout: answerMsMax });
    socket.on("connect", () => socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
  });
}
