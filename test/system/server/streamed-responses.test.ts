import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { RequestHandler, WireResponse } from "../../../src/server/http/http-message.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import {
  endlessGraceMs,
  rawConnection,
  readToClose,
  readUntil,
  request1,
  request2,
  session2,
  startListener,
  until,
} from "./listener.ts";

function streamed(body: AsyncIterable<Uint8Array>): WireResponse {
  return { status: 200, headers: { "Content-Type": "application/vnd.amazon.eventstream" }, body };
}

test("a streamed answer comes piece by piece: in chunks over HTTP/1.1, in frames over HTTP/2", async (t) => {
  async function* pieces() {
    yield Buffer.from("one ");
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.from("two ");
    yield Buffer.from("three");
  }
  const { port } = await startListener(t, { handler: async () => streamed(pieces()) });
  const first = await request1(port);
  assert.equal(first.headers["transfer-encoding"], "chunked");
  assert.equal(first.headers["content-length"], undefined);
  assert.equal(first.body.toString(), "one two three");
  const second = await request2(session2(t, port));
  assert.equal(second.headers["content-type"], "application/vnd.amazon.eventstream");
  assert.equal(second.body.toString(), "one two three");
});

test("the headers of a streamed answer do not wait for its first piece", async (t) => {
  async function* silent(signal: AbortSignal) {
    yield* [] as Uint8Array[];
    await systemClock.delay(endlessGraceMs, signal);
  }
  const { port } = await startListener(t, { handler: async ({ signal }) => streamed(silent(signal)) });
  const socket = await rawConnection(t, port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await readUntil(socket, "\r\n\r\n");
  const stream = session2(t, port).request({});
  stream.on("error", () => undefined);
  await once(stream, "response");
});

for (const version of ["HTTP/1.1", "HTTP/2"] as const) {
  test(`a stream is pulled only as fast as the client reads, over ${version}`, async (t) => {
    const piece = Buffer.alloc(256 * 1024);
    let pulled = 0;
    let isEnded = false;
    async function* endless() {
      try {
        for (;;) {
          pulled++;
          yield piece;
        }
      } finally {
        isEnded = true;
      }
    }
    const { port } = await startListener(t, { handler: async () => streamed(endless()) });
    let leave: () => void;
    if (version === "HTTP/1.1") {
      const socket = await rawConnection(t, port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      socket.pause();
      leave = () => socket.destroy();
    } else {
      const stream = session2(t, port).request({});
      stream.on("error", () => undefined);
      stream.pause();
      leave = () => stream.close(8);
    }
    let before = -1;
    while (before !== pulled || pulled === 0) {
      before = pulled;
      await systemClock.delay(60);
    }
    assert.ok(pulled < 200, `${pulled} pieces pulled for a client that reads none`);
    leave();
    await until(() => isEnded);
  });

  test(`a stream that fails does not look like one that ended, over ${version}`, async (t) => {
    async function* failing() {
      yield Buffer.from("some");
      throw new Error("failed on the way");
    }
    const { port } = await startListener(t, { handler: async () => streamed(failing()) });
    if (version === "HTTP/1.1") {
      const socket = await rawConnection(t, port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.doesNotMatch(await readToClose(socket), /\r\n0\r\n\r\n$/);
      return;
    }
    const stream = session2(t, port).request({});
    stream.on("error", () => undefined);
    stream.resume();
    await new Promise((resolve) => stream.on("close", resolve));
    assert.equal(stream.rstCode, 2);
  });

  test(`a drain tells a stream to end, and the client sees a proper end, over ${version}`, async (t) => {
    let isBegun = false;
    const handler: RequestHandler = async ({ signal }) =>
      streamed(
        (async function* () {
          yield Buffer.from("first ");
          isBegun = true;
          await systemClock.delay(endlessGraceMs, signal).catch(() => undefined);
          yield Buffer.from("last");
        })(),
      );
    const listening = await startListener(t, { handler });
    const answer = version === "HTTP/1.1" ? request1(listening.port) : request2(session2(t, listening.port));
    await until(() => isBegun);
    await listening.close({ graceMs: endlessGraceMs });
    assert.equal((await answer).body.toString(), "first last");
  });
}

test("a stream that ends its drain by throwing ends properly too", async (t) => {
  let isBegun = false;
  const handler: RequestHandler = async ({ signal }) =>
    streamed(
      (async function* () {
        yield Buffer.from("first");
        isBegun = true;
        await systemClock.delay(endlessGraceMs, signal);
      })(),
    );
  const listening = await startListener(t, { handler });
  const answer = request1(listening.port);
  await until(() => isBegun);
  await listening.close({ graceMs: endlessGraceMs });
  assert.equal((await answer).body.toString(), "first");
});
