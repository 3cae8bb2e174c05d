import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { releaseResponse, takeResponseMemory } from "../../../src/protocol/records/response-memory.ts";
import type { RequestHandler } from "../../../src/server/http/http-message.ts";
import { rawConnection, request1, request2, session2, startListener, until } from "./listener.ts";

const answerBytes = 4 * 1024 * 1024;

/** Fills an answer with the one letter of the path, in memory of the pool. */
function filling(used: ArrayBufferLike[]): RequestHandler {
  return async ({ url }) => {
    const memory = takeResponseMemory(answerBytes);
    used.push(memory.buffer);
    return { status: 200, headers: {}, body: memory.subarray(0, answerBytes).fill(url.slice(1)) };
  };
}

function assertFilled(body: Buffer, letter: string): void {
  assert.equal(body.length, answerBytes);
  assert.ok(body.every((byte) => byte === letter.charCodeAt(0)));
}

/** The client may have all of an answer a moment before the server hears that it is sent. */
function isGivenBack(buffer: ArrayBufferLike | undefined): boolean {
  const memory = takeResponseMemory(answerBytes);
  releaseResponse(memory);
  return memory.buffer === buffer;
}

test("the memory of an answer is used for the next one when the client has it, over HTTP/1.1 and HTTP/2", async (t) => {
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

test("an answer that its client is slow to read stays as it is, whatever is answered meanwhile", async (t) => {
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
    if (text.length >= answerBytes + text.indexOf("\r\n\r\n") + 4) break;
  }
  assertFilled(Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1"), "s");
});

test("the memory of an answer whose client is gone is not used again while anybody may still read it", async (t) => {
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
