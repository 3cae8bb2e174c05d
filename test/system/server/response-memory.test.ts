import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { messageBuffers } from "../../../src/memory/buffer-pool.ts";
import type { RequestHandler } from "../../../src/server/http/http-message.ts";
import { rawConnection, request1, request2, session2, startListener, until } from "./listener.ts";

const responseBytes = 4 * 1024 * 1024;

/** Fills a response with the one letter of the path, in memory of the pool. */
function filling(used: ArrayBufferLike[]): RequestHandler {
  return async ({ url }) => {
    const lease = messageBuffers.take(responseBytes).trim(responseBytes);
    used.push(lease.bytes.buffer);
    lease.bytes.fill(url.slice(1));
    return { status: 200, headers: {}, body: lease };
  };
}

function assertFilled(body: Buffer, letter: string): void {
  assert.equal(body.length, responseBytes);
  assert.ok(body.every((byte) => byte === letter.charCodeAt(0)));
}

/** The client may have all of a response a moment before the server is told that it is sent. */
function isGivenBack(buffer: ArrayBufferLike | undefined): boolean {
  using lease = messageBuffers.take(responseBytes);
  return lease.bytes.buffer === buffer;
}

test("the memory of a response is used for the next one when the client has it, over HTTP/1.1 and HTTP/2", async (t) => {
  const used: ArrayBufferLike[] = [];
  const { port } = await startListener(t, { handler: filling(used) });
  const session = session2(t, port);
  for (const letter of "abc") {
    assertFilled((await request1(port, { path: `/${letter}` })).body, letter);
    await until(() => isGivenBack(used[0]));
    assertFilled((await request2(session, { headers: { ":path": `/${letter}` } })).body, letter);
    await until(() => isGivenBack(used[0]));
  }
  assert.equal(new Set(used).size, 1);
});

test("a response that its client is slow to read stays as it is, whatever is sent meanwhile", async (t) => {
  const { port } = await startListener(t, { handler: filling([]) });
  const slow1 = await rawConnection(t, port, "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const slow2 = session2(t, port).request({ ":path": "/s" });
  await once(slow2, "response");
  const session = session2(t, port);
  for (const letter of "abcd") {
    assertFilled((await request1(port, { path: `/${letter}` })).body, letter);
    assertFilled((await request2(session, { headers: { ":path": `/${letter}` } })).body, letter);
  }
  assertFilled(Buffer.concat(await slow2.toArray()), "s");
  let text = "";
  for await (const chunk of slow1.setEncoding("latin1")) {
    text += chunk;
    if (text.length >= responseBytes + text.indexOf("\r\n\r\n") + 4) break;
  }
  assertFilled(Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1"), "s");
});

test("the memory of a response whose client is gone is not used again while something may still read it", async (t) => {
  const used: ArrayBufferLike[] = [];
  const { port } = await startListener(t, { handler: filling(used) });
  const leaving = await rawConnection(t, port, "POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  await once(leaving, "readable");
  leaving.resetAndDestroy();
  const stream = session2(t, port).request({ ":path": "/l" });
  await once(stream, "response");
  stream.close();
  await once(stream, "close");
  assertFilled((await request1(port, { path: "/a" })).body, "a");
  assert.equal(new Set(used).size, 3);
});
