// A request that was started may have stored something: whatever its client does next, it gets its response.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { RequestHandler } from "../../../src/server/http/http-message.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { endlessGraceMs, rawConnection, readToClose, startListener, until } from "./listener.ts";

const put = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nput";

/** Takes a few turns of the event loop, as a put takes that waits for the disk. */
const storing: RequestHandler = async ({ body }) => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return { status: 200, headers: {}, body: `<${body}>` };
};

const endings: readonly { readonly what: string; readonly bytes: string; readonly status?: number }[] = [
  { what: "bytes that are no HTTP", bytes: "\0\x01garbage\r\n\r\n", status: 400 },
  { what: "a header that is none", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\x01\r\n\r\n", status: 400 },
  {
    what: "headers over the limit",
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`,
    status: 431,
  },
  {
    what: "a chunk that is none",
    bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    status: 400,
  },
  { what: "the preface of HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
  { what: "a CONNECT", bytes: "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" },
];

for (const { what, bytes, status } of endings) {
  test(`requests before ${what} get their responses before the connection closes`, async (t) => {
    const { port } = await startListener(t, { handler: storing });
    const text = await readToClose(await rawConnection(t, port, put + put + bytes));
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, each]) => Number(each));
    if (status !== undefined) assert.deepEqual(statuses, [200, 200, status]);
    assert.deepEqual(text.match(/<put>/g), ["<put>", "<put>"]);
  });
}

test("requests before a half-close get their responses, and the connection closes", async (t) => {
  const { port } = await startListener(t, { handler: storing });
  const socket = await rawConnection(t, port);
  socket.end(put + put);
  assert.deepEqual((await readToClose(socket)).match(/<put>/g), ["<put>", "<put>"]);
});

test("a half-close in the middle of a body ends the connection, after the responses before it", async (t) => {
  const { port } = await startListener(t, { handler: storing });
  const socket = await rawConnection(t, port);
  socket.end(put + put.slice(0, -1));
  assert.deepEqual((await readToClose(socket)).match(/HTTP\/1\.1 \d+|<.*>/g), [
    "HTTP/1.1 200",
    "<put>",
    "HTTP/1.1 400",
  ]);
});

test("over TLS requests before a half-close get their responses", async (t) => {
  const { port } = await startListener(t, { handler: storing });
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  t.after(() => socket.destroy());
  await once(socket, "secureConnect");
  socket.end(put + put);
  assert.deepEqual((await readToClose(socket)).match(/<put>/g), ["<put>", "<put>"]);
});

test("a half-close ends a streamed response", async (t) => {
  async function* endless(signal: AbortSignal) {
    yield Buffer.from("begun");
    await systemClock.delay(endlessGraceMs, signal);
  }
  const listening = await startListener(t, {
    handler: async ({ signal }) => ({ status: 200, headers: {}, body: endless(signal) }),
  });
  const socket = await rawConnection(t, listening.port);
  socket.end(put);
  assert.match(await readToClose(socket), /begun/);
  await until(() => listening.figures()["connections"] === 0);
});
