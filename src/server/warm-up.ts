import { connect } from "node:net";
import { jsonCodec } from "../protocol/json-codec.ts";
import { openShardIterator, sealShardIterator } from "../streams/shard-iterator.ts";
import type { TokenSealer } from "../streams/token-sealer.ts";

const answerMsMax = 1_000;
/** Of no stream: it is thrown away. */
const iterator = { createdMs: 0, account: "", region: "", streamName: "", streamId: "", shardIndex: 0, position: 1n };

/**
 * Has done once, with no effect, what the first clients would otherwise wait for while it is loaded and compiled. Resolves when
 * the server has answered a request for its health, or cannot: whether it did does not matter.
 */
export async function warmUp(
  listening: { readonly hosts: readonly string[]; readonly port: number },
  tokens: TokenSealer,
): Promise<void> {
  const ShardIterator = sealShardIterator(tokens, iterator);
  openShardIterator(tokens, ShardIterator);
  const place = { StreamName: "stream", ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  jsonCodec.decode("GetShardIterator", jsonCodec.parse(Buffer.from(JSON.stringify(place)), "GetShardIterator"));
  jsonCodec.encode("GetShardIterator", { ShardIterator });
  await askForHealth(listening);
}

function askForHealth({ hosts, port }: { readonly hosts: readonly string[]; readonly port: number }): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: hosts[0] ?? "127.0.0.1", port, timeout: answerMsMax });
    socket.on("connect", () => socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
  });
}
