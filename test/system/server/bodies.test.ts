import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { RequestHandler, WireResponse } from "../../../src/server/http/http-message.ts";
import {
  echo,
  rawConnection,
  readToClose,
  readUntil,
  request1,
  request2,
  session2,
  startListener,
  until,
} from "./listener.ts";

const kib = 1024;

test("a body over the limit gets 413, chunked, empty and without ids, and the connection goes on", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesMax: 100 * kib } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const refused = await request1(port, { agent, payload: Buffer.alloc(3000 * kib) });
  assert.equal(refused.status, 413);
  assert.equal(refused.headers["transfer-encoding"], "chunked");
  assert.equal(refused.headers["x-amzn-requestid"], undefined);
  assert.equal(refused.body.length, 0);
  assert.equal((await request1(port, { agent, payload: "small" })).body.toString(), "small");
});

test("a body that turns out too large without having said so gets 413", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesMax: 100 * kib } });
  const headers = { "Transfer-Encoding": "chunked" };
  assert.equal((await request1(port, { headers, payload: Buffer.alloc(3000 * kib) })).status, 413);
  assert.equal((await request1(port, { headers, payload: Buffer.alloc(100 * kib) })).status, 200);
});

test("a client that writes everything before it reads still gets its 413", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesMax: 100 * kib } });
  const socket = await rawConnection(t, port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${8000 * kib}\r\n\r\n`);
  for (let written = 0; written < 8000; written += 100) {
    if (!socket.write(Buffer.alloc(100 * kib))) await once(socket, "drain");
  }
  assert.match(await readUntil(socket, "0\r\n\r\n"), /^HTTP\/1\.1 413 /);
});

test("a refused body is read up to a limit only", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesMax: 100 * kib, discardBytesMax: 500 * kib } });
  const socket = await rawConnection(t, port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${9e9}\r\n\r\n`);
  const flood = setInterval(() => socket.write(Buffer.alloc(100 * kib)), 1);
  t.after(() => clearInterval(flood));
  assert.match(await readToClose(socket), /^HTTP\/1\.1 413 /);
});

test("a client that waits for 100 Continue gets its 413 instead", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesMax: 100 * kib } });
  const head = (bytes: number) =>
    `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\n\r\n`;
  const large = await rawConnection(t, port, head(101 * kib));
  const text = await readToClose(large);
  assert.match(text, /^HTTP\/1\.1 413 [\s\S]*connection: close/i);
  const small = await rawConnection(t, port, head(2));
  await readUntil(small, "HTTP/1.1 100 Continue\r\n\r\n");
  small.write("hi");
  assert.match(await readUntil(small, "hi"), /^HTTP\/1\.1 200 /);
});

test("over HTTP/2 a body over the limit gets 413, and the session goes on", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesMax: 100 * kib } });
  const session = session2(t, port);
  assert.equal((await request2(session, { payload: Buffer.alloc(3000 * kib) })).status, 413);
  const headers = { "content-length": 3000 * kib };
  assert.equal((await request2(session, { headers, payload: Buffer.alloc(3000 * kib) })).status, 413);
  assert.equal((await request2(session, { payload: "small" })).body.toString(), "small");
});

const forbidden: WireResponse = { status: 403, headers: {}, body: "not you" };

test("fear: a client that waits for 100 Continue is told to send a body that its head already refuses", async (t) => {
  const { port } = await startListener(t, { admitBody: () => ({ response: forbidden }) });
  const head = (bytes: number) =>
    `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\n\r\n`;
  const refused = await readToClose(await rawConnection(t, port, head(100 * kib)));
  assert.match(refused, /^HTTP\/1\.1 403 [\s\S]*connection: close[\s\S]*not you$/i);
  // A small body is read before its caller is checked.
  await readUntil(await rawConnection(t, port, head(2)), "HTTP/1.1 100 Continue\r\n\r\n");

  const headers = { ":method": "POST", expect: "100-continue", "content-length": 100 * kib };
  const stream = session2(t, port).request(headers, { endStream: false });
  stream.on("continue", () => assert.fail("told to go on"));
  const [response] = (await once(stream, "response")) as [Record<string, number>];
  assert.equal(response[":status"], 403);
});

test("fear: a client that waits for 100 Continue is told to send a body over the limit of its operation", async (t) => {
  const { port } = await startListener(t, { admitBody: () => ({ bytesMax: 70 * kib }) });
  const head = `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${100 * kib}\r\n\r\n`;
  assert.match(await readToClose(await rawConnection(t, port, head)), /^HTTP\/1\.1 413 [\s\S]*connection: close/i);
});

test("a client that waits for 100 Continue is told to go on when there is memory for its body", async (t) => {
  const listening = await startListener(t, {
    limits: { requestBytesInFlightMax: 200 * kib, requestBytesMax: 150 * kib },
  });
  const head = (more: string) => `POST / HTTP/1.1\r\nHost: a\r\n${more}Content-Length: ${140 * kib}\r\n\r\n`;
  const first = await rawConnection(t, listening.port, head(""));
  await until(() => (listening.figures()["request_bytes_in_flight"] ?? 0) > 0);
  const second = await rawConnection(t, listening.port, head("Expect: 100-continue\r\n"));
  let received = "";
  second.on("data", (bytes: Buffer) => {
    received += bytes.toString("latin1");
  });
  await until(() => (listening.figures()["requests_waiting_for_memory"] ?? 0) > 0);
  // What was sent before this response has come by now.
  await request1(listening.port, { payload: "small" });
  assert.equal(received, "");
  first.write(Buffer.alloc(140 * kib));
  await until(() => received !== "");
  assert.equal(received, "HTTP/1.1 100 Continue\r\n\r\n");
  second.write(Buffer.alloc(140 * kib));
  await until(() => received.includes("HTTP/1.1 200 "));
});

test("over HTTP/2 a client that waits for 100 Continue is told to go on", async (t) => {
  const { port } = await startListener(t);
  const stream = session2(t, port).request({ ":method": "POST", expect: "100-continue" }, { endStream: false });
  await once(stream, "continue");
  stream.end("hi");
  const [headers] = (await once(stream, "response")) as [Record<string, number>];
  assert.equal(headers[":status"], 200);
});

test("bodies of every size and cut arrive byte for byte", async (t) => {
  const { port } = await startListener(t);
  const session = session2(t, port);
  for (const size of [1, 63 * kib, 64 * kib, 65 * kib + 1, 700 * kib, 2 * kib * kib, 2 * kib * kib + 1, 5_000_000]) {
    const payload = randomBytes(size);
    const headers = { "content-length": size };
    assert.ok((await request1(port, { payload })).body.equals(payload), `HTTP/1.1, ${size} bytes`);
    assert.ok((await request2(session, { headers, payload })).body.equals(payload), `HTTP/2, ${size} bytes`);
    assert.ok((await request2(session, { payload })).body.equals(payload), `HTTP/2 without a length, ${size} bytes`);
  }
});

test("a full memory budget refuses nothing: all bodies arrive, over both versions, within the bound", async (t) => {
  const bodyBytes = 500 * kib;
  const budgetBytes = 800 * kib;
  const chunkBytes = 64 * kib;
  const clientCount = 12;
  let mostBytes = 0;
  let handledCount = 0;
  const handler: RequestHandler = async (request) => {
    handledCount += 1;
    mostBytes = Math.max(mostBytes, listening.figures()["request_bytes_in_flight"] ?? 0);
    // Until others wait for the memory that it holds, or all are here.
    await until(
      () => (listening.figures()["requests_waiting_for_memory"] ?? 0) > 0 || handledCount === 3 * clientCount,
    );
    return echo(request);
  };
  const listening = await startListener(t, {
    handler,
    limits: { requestBytesInFlightMax: budgetBytes, requestBytesMax: bodyBytes },
  });
  const { port } = listening;
  const session = session2(t, port);
  const payloads = Array.from({ length: clientCount }, () => randomBytes(bodyBytes));
  await Promise.all(
    payloads.flatMap((payload) => [
      request1(port, { payload }).then(({ body }) => assert.ok(body.equals(payload))),
      request2(session, { payload }).then(({ body }) => assert.ok(body.equals(payload))),
      request1(port, { payload, headers: { "Transfer-Encoding": "chunked" } }).then(({ body }) =>
        assert.ok(body.equals(payload)),
      ),
    ]),
  );
  // One body and one read of each client may come on top.
  const bound = budgetBytes + bodyBytes + 3 * clientCount * chunkBytes;
  assert.ok(mostBytes <= bound, `${mostBytes} > ${bound}`);
  assert.equal(listening.figures()["request_bytes_in_flight"], 0);
  assert.equal(listening.figures()["requests_waiting_for_memory"], 0);
});

test("a lone request larger than the whole budget proceeds", async (t) => {
  const { port } = await startListener(t, { limits: { requestBytesInFlightMax: 10 * kib } });
  const payload = randomBytes(900 * kib);
  assert.ok((await request1(port, { payload })).body.equals(payload));
  assert.ok((await request2(session2(t, port), { payload })).body.equals(payload));
});

test("a client that leaves within its body gives its memory back and lets the next one go on", async (t) => {
  let handled = 0;
  const handler: RequestHandler = async (request) => {
    handled++;
    return echo(request);
  };
  const listening = await startListener(t, { handler, limits: { requestBytesInFlightMax: 100 * kib } });
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${4000 * kib}\r\n\r\n`;
  const leaving = await Promise.all([1, 2, 3].map(() => rawConnection(t, listening.port, head)));
  for (const socket of leaving) socket.write(Buffer.alloc(300 * kib));
  await until(() => listening.figures()["requests_waiting_for_memory"] === 2);
  const patient = request1(listening.port, { payload: randomBytes(200 * kib) });
  await until(() => listening.figures()["requests_waiting_for_memory"] === 3);
  for (const socket of leaving) socket.destroy();
  assert.equal((await patient).status, 200);
  await until(() => listening.figures()["connections"] === 0);
  assert.equal(listening.figures()["request_bytes_in_flight"], 0);
  assert.equal(handled, 1);
});

for (const [leaves, leave] of [
  ["closes its connection", (socket: Socket) => socket.destroy()],
  ["resets its connection", (socket: Socket) => socket.resetAndDestroy()],
  ["closes its half", (socket: Socket) => socket.end()],
] as const) {
  for (const [size, bytes] of [
    ["small", 60 * kib],
    ["large", 4000 * kib],
  ] as const) {
    test(`fear: a client that ${leaves} within a ${size} body keeps its memory of the budget`, async (t) => {
      const listening = await startListener(t);
      const length = `Content-Length: ${bytes}\r\n`;
      const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nX-Amz-Target: a\r\n${length}\r\n`;
      const socket = await rawConnection(t, listening.port, head);
      socket.write(Buffer.alloc(1000));
      await until(() => listening.figures()["request_bytes_in_flight"] === bytes);
      leave(socket);
      await until(() => listening.figures()["connections"] === 0);
      assert.equal(listening.figures()["request_bytes_in_flight"], 0);
    });
  }
}

test("bodies that hold all memory and send no more are cut while others wait, and small ones do not wait", async (t) => {
  const limits = {
    ...{ requestBytesInFlightMax: 1000 * kib, smallBodyReserveBytes: 200 * kib, smallBodyBytesMax: 10 * kib },
    ...{ bodyRateWindowMs: 50, timeoutCheckMs: 25 },
  };
  const listening = await startListener(t, { limits });
  const { port } = listening;
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${300 * kib}\r\n\r\n`;
  const slow = await Promise.all([1, 2, 3, 4, 5, 6].map(() => rawConnection(t, port, head)));
  for (const socket of slow) socket.write(Buffer.alloc(300 * kib - 1));
  const closed = slow.map((socket) => readToClose(socket));
  const small = randomBytes(5 * kib);
  assert((await request1(port, { payload: small })).body.equals(small));
  const large = randomBytes(400 * kib);
  assert((await request1(port, { payload: large })).body.equals(large));
  // Those that are left hold what others do not need.
  const cut = (await Promise.all(closed.slice(0, 2))).join("");
  assert.equal(cut, "");
});

test("over HTTP/2 unfinished bodies count, and streams beyond the budget are refused", async (t) => {
  const limits = {
    ...{ requestBytesInFlightMax: 1000 * kib, requestBytesMax: 500 * kib, smallBodyBytesMax: 10 * kib },
    ...{ streamWindowBytes: 100 * kib, unreadStreamBytesMax: 400 * kib, sessionUnreadStreamBytesMax: 200 * kib },
  };
  const listening = await startListener(t, { limits });
  const codes: number[] = [];
  for (let sessions = 0; sessions < 3; sessions++) {
    const session = session2(t, listening.port);
    for (let streams = 0; streams < 20; streams++) {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.on("error", () => undefined);
      stream.on("close", () => codes.push(stream.rstCode));
      stream.write(Buffer.alloc(90 * kib));
    }
  }
  // One is read, two of each of two sessions wait, all others are refused.
  await until(() => codes.length === 60 - 1 - 4);
  assert.deepEqual(new Set(codes), new Set([http2.constants.NGHTTP2_REFUSED_STREAM]));
  assert.equal(listening.figures()["requests_waiting_for_memory"], 4);
  assert((listening.figures()["request_bytes_in_flight"] ?? 0) <= 1000 * kib);
});

test("the signal aborts when the client leaves, over both versions", async (t) => {
  const aborted: string[] = [];
  const handler: RequestHandler = (request) =>
    new Promise((resolve) => {
      request.signal.addEventListener("abort", () => {
        aborted.push(request.url);
        resolve({ status: 200, headers: {}, body: "" });
      });
    });
  const listening = await startListener(t, { handler });
  const socket = await rawConnection(t, listening.port, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => listening.figures()["requests_in_flight"] === 1);
  socket.destroy();
  await until(() => aborted.length === 1);
  const stream = session2(t, listening.port).request({ ":path": "/2" });
  stream.on("error", () => undefined);
  await until(() => listening.figures()["requests_in_flight"] === 1);
  stream.close(8);
  await until(() => aborted.length === 2);
  assert.deepEqual(aborted, ["/1", "/2"]);
  await until(() => listening.figures()["requests_in_flight"] === 0);
});

test("a signal first looked at after the client left is already aborted", async (t) => {
  let go: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    go = resolve;
  });
  let wasAborted: boolean | undefined;
  const handler: RequestHandler = async (request) => {
    await left;
    wasAborted = request.signal.aborted;
    return { status: 200, headers: {}, body: "" };
  };
  const listening = await startListener(t, { handler });
  const socket = await rawConnection(t, listening.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => listening.figures()["requests_in_flight"] === 1);
  socket.resetAndDestroy();
  await until(() => listening.figures()["connections"] === 0);
  go();
  await until(() => wasAborted !== undefined);
  assert.equal(wasAborted, true);
});
