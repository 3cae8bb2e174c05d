import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { connectionCut } from "../../../src/telemetry/diagnostic-events.ts";
import { http2Frame, http2Opening } from "../../support/http2-frame.ts";
import { echo, rawConnection, readToClose, request1, request2, session2, startListener } from "./listener.ts";

// GET, http, /, authority "a", in HPACK.
const getHeaders = Buffer.of(0x82, 0x86, 0x84, 0x41, 0x01, 0x61);
const cancelCode = Buffer.of(0, 0, 0, 8);

/** Opens streams and cancels each at once until the server closes the connection, and then resolves. */
async function cancelStreams(t: TestContext, port: number): Promise<void> {
  const socket = await rawConnection(t, port);
  socket.write(http2Opening);
  const closed = readToClose(socket);
  for (let streamId = 1; streamId < 2_000 && !socket.destroyed && !socket.readableEnded; streamId += 2) {
    socket.write(Buffer.concat([http2Frame(1, 5, streamId, getHeaders), http2Frame(3, 0, streamId, cancelCode)]));
    await nextTurn();
  }
  await closed;
}

test("a client that opens streams only to cancel them loses its session", async (t) => {
  const cuts: string[] = [];
  t.after(connectionCut.subscribe(({ reason }) => cuts.push(reason)));
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const { port } = await startListener(t, {
    // Fewer than are worked on at once, so that each is cancelled while it is worked on.
    limits: { resetCountMax: 30, streamCountMax: 20 },
    handler: (request) => isOver.then(() => echo(request)),
  });
  await cancelStreams(t, port);
  end();
  assert.deepEqual(cuts, ["rapid_reset"]);
  assert.equal((await request1(port, { payload: "others" })).body.toString(), "others");
});

test("of a client that only cancels its streams, no more than twice the streams agreed are worked on at once", async (t) => {
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  let runningCount = 0;
  const { port } = await startListener(t, {
    limits: { resetCountMax: 400, streamCountMax: 20 },
    handler: async (request) => {
      runningCount += 1;
      await isOver;
      return echo(request);
    },
  });
  await cancelStreams(t, port);
  assert.equal(runningCount, 40);
  end();
  assert.equal((await request1(port, { payload: "others" })).body.toString(), "others");
});

test("fear: one session with long heads takes the memory for heads of all", async (t) => {
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  let runningCount = 0;
  const { port } = await startListener(t, {
    limits: { sessionHeadBytesMax: 256 * 1024 },
    handler: async (request) => {
      runningCount += 1;
      await isOver;
      return echo(request);
    },
  });
  const session = session2(t, port);
  await once(session, "remoteSettings");
  const outcomes = Array.from({ length: 20 }, async () => {
    const stream = session.request({ ":path": "/", long: "x".repeat(15_000) });
    stream.on("response", () => stream.resume());
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.on("close", resolve));
    return stream.rstCode;
  });
  const small = request2(session2(t, port), { payload: "others" });
  while (runningCount < 6) await nextTurn();
  end();
  assert.equal((await small).body.toString(), "others");
  const refused = (await Promise.all(outcomes)).filter((code) => code === http2.constants.NGHTTP2_REFUSED_STREAM);
  // The session takes 40 KiB, and each of its requests 38.
  assert.equal(refused.length, 15);
});

test("more streams than agreed are refused, and served once others have ended", async (t) => {
  const { port } = await startListener(t, { limits: { streamCountMax: 4 } });
  const session = session2(t, port);
  await once(session, "remoteSettings");
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => request2(session, { payload: `${index}` })),
  );
  assert.deepEqual(
    answers.map(({ body }) => body.toString()),
    Array.from({ length: 40 }, (_, index) => `${index}`),
  );
});

test("the settings that a session is offered are the limits", async (t) => {
  const { port } = await startListener(t, {
    limits: { streamCountMax: 7, streamWindowBytes: 300_000, frameBytesMax: 20_000 },
  });
  const session = session2(t, port);
  const [settings] = (await once(session, "remoteSettings")) as [http2.Settings];
  assert.equal(settings.maxConcurrentStreams, 7);
  assert.equal(settings.initialWindowSize, 300_000);
  assert.equal(settings.maxFrameSize, 20_000);
});

test("many large bodies on one session all arrive", async (t) => {
  const { port } = await startListener(t);
  const session = http2.connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 100 });
  t.after(() => session.destroy());
  const payload = Buffer.alloc(1_500_000, 3);
  const answers = await Promise.all(Array.from({ length: 16 }, () => request2(session, { payload })));
  assert.ok(answers.every(({ status, body }) => status === 200 && body.equals(payload)));
});

test("frames that are no HTTP/2 end the connection and nothing else", async (t) => {
  const { port } = await startListener(t);
  const socket = await rawConnection(t, port, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"x".repeat(500)}`);
  await readToClose(socket);
  assert.equal((await request1(port)).status, 200);
});

test("a malformed HTTP/1.1 request is answered 400 and closed", async (t) => {
  const { port } = await startListener(t);
  const socket = await rawConnection(t, port, "NOT HTTP AT ALL\r\n\r\n");
  assert.match(await readToClose(socket), /^HTTP\/1\.1 400 /);
});

test("headers over the limit are answered 431", async (t) => {
  const { port } = await startListener(t, { limits: { headerBytesMax: 4096 } });
  const socket = await rawConnection(t, port, `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(9000)}\r\n\r\n`);
  assert.match(await readToClose(socket), /^HTTP\/1\.1 431 /);
});

test("no header is lost behind many others, which a page could send to hide its Origin", async (t) => {
  const { port } = await startListener(t, {
    handler: async ({ headers }) => ({ status: 200, headers: {}, body: `origin ${headers.origin}` }),
  });
  const many = Array.from({ length: 2500 }, (_, index) => `z${index.toString(36)}: \r\n`).join("");
  const head = `POST / HTTP/1.1\r\nHost: a\r\n${many}Origin: http://evil.example\r\nConnection: close\r\n\r\n`;
  assert.match(await readToClose(await rawConnection(t, port, head)), /\r\n\r\norigin http:\/\/evil\.example$/);
});

test("a length together with chunks is refused: the two could be read as different requests", async (t) => {
  const { port } = await startListener(t);
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  assert.match(await readToClose(await rawConnection(t, port, head)), /^HTTP\/1\.1 400 /);
});
