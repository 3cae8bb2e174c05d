import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { warmUp } from "../../../src/server/warm-up.ts";
import { TokenSealer } from "../../../src/streams/token-sealer.ts";

const tokens = new TokenSealer({ masterKey: Buffer.alloc(32), bootId: Buffer.alloc(16) });

async function listening(onConnection: Parameters<typeof createServer>[1]) {
  const server = createServer(onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

test("one request for health is made, and its connection ends", async () => {
  const requests: string[] = [];
  const { server, port } = await listening((socket) => {
    socket.on("data", (bytes) => {
      requests.push(String(bytes));
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  });
  await warmUp({ hosts: ["127.0.0.1", "::1"], port }, tokens);
  assert.equal(requests.length, 1);
  assert.match(requests[0] ?? "", /^GET \/health HTTP\/1\.1\r\nHost: localhost\r\n/);
  server.close();
  await once(server, "close");
});

test("a start does not fail, or wait for ever, because nobody answers", async () => {
  const { server, port } = await listening((socket) => socket.on("error", () => undefined).resume());
  const startedMs = performance.now();
  await warmUp({ hosts: ["127.0.0.1"], port }, tokens);
  assert(performance.now() - startedMs >= 900, "it gave the answer its time");
  server.close();
  await once(server, "close");
  await warmUp({ hosts: ["127.0.0.1"], port }, tokens);
});
