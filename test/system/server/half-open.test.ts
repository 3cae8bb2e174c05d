// Connections that ask for nothing, or never finish asking, in all the ways there are: each must end by its own limit,
// and none may hold up a drain. The limits are those of production, only shorter.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import {
  elapsedMs,
  endlessGraceMs,
  rawConnection,
  readToClose,
  readUntil,
  request2,
  session2,
  startListener,
  until,
} from "./listener.ts";

const ownMs = 120;
/** Longer than the runner lets a test run. */
const never = 600_000;
const patient = {
  detectMsMax: never,
  tlsHandshakeMsMax: never,
  headersMsMax: never,
  requestMsMax: never,
  bodyIdleMsMax: never,
  stallMsMax: never,
  keepAliveMs: never,
  timeoutCheckMs: 20,
} as const;

const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const emptySettings = "\0\0\0\x04\0\0\0\0\0";

interface HalfOpen {
  readonly what: string;
  readonly limit:
    | "detectMsMax"
    | "tlsHandshakeMsMax"
    | "headersMsMax"
    | "requestMsMax"
    | "bodyIdleMsMax"
    | "stallMsMax"
    | "keepAliveMs";
  readonly sends: string;
  /** The figure that tells that the server has seen it. */
  readonly shows: string;
}

const halfOpenConnections: readonly HalfOpen[] = [
  { what: "sends nothing", limit: "detectMsMax", sends: "", shows: "connections_detecting" },
  { what: "stops within the HTTP/2 preface", limit: "detectMsMax", sends: "PRI * HT", shows: "connections_detecting" },
  {
    what: "begins a TLS handshake only",
    limit: "tlsHandshakeMsMax",
    sends: "\x16\x03\x01",
    shows: "connections_handshaking",
  },
  {
    what: "never ends its headers",
    limit: "headersMsMax",
    sends: "POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    shows: "connections_http1",
  },
  {
    what: "never sends its body",
    limit: "requestMsMax",
    sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
    shows: "requests_in_flight",
  },
  {
    what: "pauses in its body",
    limit: "bodyIdleMsMax",
    sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123",
    shows: "requests_in_flight",
  },
  {
    what: "moves no byte",
    limit: "stallMsMax",
    sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123",
    shows: "requests_in_flight",
  },
  {
    what: "is idle after its answer",
    limit: "keepAliveMs",
    sends: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    shows: "connections_http1",
  },
  {
    what: "opens an HTTP/2 session and asks for nothing",
    limit: "headersMsMax",
    sends: http2Preface + emptySettings,
    shows: "connections_http2",
  },
  {
    what: "speaks HTTP/2 without ever saying more",
    limit: "headersMsMax",
    sends: http2Preface,
    shows: "connections_http2",
  },
];

for (const { what, limit, sends, shows } of halfOpenConnections) {
  test(`a connection that ${what} ends by ${limit}`, async (t) => {
    const limits = { ...patient, [limit]: ownMs, ...(limit === "requestMsMax" ? { headersMsMax: ownMs } : {}) };
    const { port } = await startListener(t, { limits });
    const ms = await elapsedMs(async () => {
      const socket = await rawConnection(t, port);
      socket.write(sends, "latin1");
      await readToClose(socket);
    });
    assert.ok(ms >= ownMs * 0.8, `${ms} ms`);
  });

  test(`a connection that ${what} does not delay the drain`, async (t) => {
    const listening = await startListener(t, { limits: { ...patient, drainBodyIdleMsMax: 100, drainLingerMs: 50 } });
    const socket = await rawConnection(t, listening.port);
    socket.write(sends, "latin1");
    await until(() => listening.figures()[shows] === 1);
    await listening.close({ graceMs: endlessGraceMs });
  });
}

test("headers that come drop by drop end by headersMsMax all the same", async (t) => {
  const { port } = await startListener(t, { limits: { ...patient, headersMsMax: ownMs } });
  const socket = await rawConnection(t, port, "POST / HTTP/1.1\r\n");
  const drops = setInterval(() => socket.write("X-Drop: 1\r\n"), 20);
  t.after(() => clearInterval(drops));
  await readToClose(socket);
});

test("a body that comes drop by drop ends by requestMsMax all the same", async (t) => {
  const { port } = await startListener(t, { limits: { ...patient, requestMsMax: 200, headersMsMax: 200 } });
  const socket = await rawConnection(t, port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n");
  const drops = setInterval(() => socket.write("."), 20);
  t.after(() => clearInterval(drops));
  await readToClose(socket);
});

test("200 half-open connections all end by their limit", async (t) => {
  const listening = await startListener(t, {
    limits: { ...patient, detectMsMax: 300, tlsHandshakeMsMax: 300, headersMsMax: 300 },
  });
  const sockets = await openMany(t, listening.port);
  assert.equal(sockets.length, 200);
  await until(() => listening.figures()["connections"] === 0);
});

test("200 half-open connections do not delay the drain", async (t) => {
  const listening = await startListener(t, { limits: patient });
  await openMany(t, listening.port);
  await until(() => listening.figures()["connections_handshaking"] === 50);
  await until(() => listening.figures()["connections_http1"] === 50);
  await listening.close({ graceMs: endlessGraceMs });
});

test("an HTTP/2 session that only pings ends by keepAliveMs", async (t) => {
  const clock = new SimulatedClock();
  const { port } = await startListener(t, { clock, limits: { ...patient, keepAliveMs: ownMs } });
  const session = session2(t, port);
  assert.equal((await request2(session)).status, 200);
  const closed = once(session, "close");
  for (let count = 0; count < 4; count++) {
    await new Promise((resolve) => session.ping(resolve));
    await clock.advance(ownMs / 4);
  }
  await closed;
});

test("an HTTP/2 stream whose body never ends is cut, and delays no drain", async (t) => {
  const listening = await startListener(t, { limits: { ...patient, bodyIdleMsMax: ownMs } });
  const stream = session2(t, listening.port).request({ ":method": "POST" });
  stream.on("error", () => undefined);
  stream.write("half a body");
  await once(stream, "close");
  assert.equal(listening.figures()["requests_in_flight"], 0);
});

test("an HTTP/2 session with a request that never ends does not delay the drain", async (t) => {
  const listening = await startListener(t, { limits: { ...patient, drainBodyIdleMsMax: 100, drainLingerMs: 50 } });
  const stream = session2(t, listening.port).request({ ":method": "POST" });
  stream.on("error", () => undefined);
  stream.write("half a body");
  await until(() => listening.figures()["requests_in_flight"] === 1);
  await listening.close({ graceMs: endlessGraceMs });
});

test("a client that does not take its answer ends by stallMsMax", async (t) => {
  const listening = await startListener(t, {
    limits: { ...patient, stallMsMax: ownMs },
    handler: async () => ({ status: 200, headers: {}, body: Buffer.alloc(64 * 1024 * 1024) }),
  });
  const socket = await rawConnection(t, listening.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  socket.pause();
  await until(() => listening.figures()["connections_http1"] === 1);
  await until(() => listening.figures()["connections"] === 0);
});

test("fear: a small response behind others that a client does not take keeps its connection for ever", async (t) => {
  let madeCount = 0;
  const listening = await startListener(t, {
    limits: { ...patient, stallMsMax: ownMs },
    handler: async () => {
      madeCount++;
      return { status: 200, headers: {}, body: Buffer.alloc(30 * 1024) };
    },
  });
  const figure = (name: string): number => listening.figures()[name] ?? 0;
  const socket = await rawConnection(t, listening.port);
  socket.pause();
  // One after the other, until one is made behind a response that the system has not taken.
  for (let count = 1; figure("response_bytes_in_flight") === 0; count++) {
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    await until(() => madeCount === count);
    await until(() => figure("requests_in_flight") === 0 || figure("response_bytes_in_flight") > 0);
  }
  await until(() => figure("connections") === 0);
});

test("a connection that waits for its next request outlives stallMsMax", async (t) => {
  const { port } = await startListener(t, { limits: { ...patient, stallMsMax: 500 } });
  const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const waiting = await rawConnection(t, port, get);
  await readUntil(waiting, "\r\n\r\n");
  // Two that come later and stall end by the limit, one after the other: so long it has been silent.
  for (let count = 0; count < 2; count++) {
    await readToClose(await rawConnection(t, port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"));
  }
  waiting.write(get);
  assert.match(await readUntil(waiting, "\r\n\r\n"), /^HTTP\/1.1 200 /);
});

test("an HTTP/2 client that does not take its answer ends by stallMsMax", async (t) => {
  const listening = await startListener(t, {
    limits: { ...patient, stallMsMax: ownMs },
    handler: async () => ({ status: 200, headers: {}, body: Buffer.alloc(8 * 1024 * 1024) }),
  });
  const stream = session2(t, listening.port).request({ ":method": "POST" });
  stream.on("error", () => undefined);
  stream.pause();
  await until(() => listening.figures()["connections_http2"] === 1);
  await until(() => listening.figures()["connections"] === 0);
});

async function openMany(t: TestContext, port: number): Promise<Socket[]> {
  const beginnings = ["", "P", "POST / HTTP/1.1\r\nHost: a\r\n", "\x16\x03"];
  return Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const socket = await rawConnection(t, port);
      socket.write(beginnings[index % beginnings.length] ?? "", "latin1");
      socket.resume();
      return socket;
    }),
  );
}
