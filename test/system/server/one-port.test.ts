import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { StartError } from "../../../src/config/start-error.ts";
import { listen } from "../../../src/server/http/listen.ts";
import { connectionsRefused } from "../../../src/telemetry/diagnostic-events.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import {
  echo,
  rawConnection,
  readToClose,
  readUntil,
  request1,
  request2,
  session2,
  startListener,
} from "./listener.ts";

const payload = randomBytes(1_500_000);

test("one port serves HTTP/1.1 and HTTP/2 with prior knowledge, each with its whole body", async (t) => {
  const { port } = await startListener(t);
  const first = await request1(port, { path: "/some?query", payload });
  assert.equal(first.status, 200);
  assert.equal(first.headers["x-seen"], "POST /some?query");
  assert.ok(first.body.equals(payload));
  const second = await request2(session2(t, port), { headers: { ":path": "/some?query" }, payload });
  assert.equal(second.status, 200);
  assert.equal(second.headers["x-seen"], "POST /some?query");
  assert.ok(second.body.equals(payload));
});

test("a body in chunks without a length arrives whole", async (t) => {
  const { port } = await startListener(t);
  const answer = await request1(port, { headers: { "Transfer-Encoding": "chunked" }, payload });
  assert.ok(answer.body.equals(payload));
});

test("HTTP/2's authority is handed over as host", async (t) => {
  let host: string | undefined;
  const { port } = await startListener(t, {
    handler: async (request) => {
      host = request.headers.host;
      return { status: 200, headers: {}, body: "" };
    },
  });
  await request2(session2(t, port));
  assert.equal(host, `127.0.0.1:${port}`);
});

test("the protocol is told even if its first bytes come one by one", async (t) => {
  const { port } = await startListener(t);
  const socket = await rawConnection(t, port);
  socket.setNoDelay(true);
  for (const byte of "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi") {
    await new Promise((resolve) => socket.write(byte, resolve));
    await systemClock.delay(1);
  }
  assert.match(await readUntil(socket, "hi"), /^HTTP\/1\.1 200 OK\r\n/);
});

test("pipelined requests are answered in their order", async (t) => {
  const fastOne = Promise.withResolvers<void>();
  const { port } = await startListener(t, {
    handler: async (request) => {
      if (request.url === "/slow") await fastOne.promise;
      else fastOne.resolve();
      return { status: 200, headers: {}, body: `<${request.url}>` };
    },
  });
  const socket = await rawConnection(
    t,
    port,
    "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /fast HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  const text = await readUntil(socket, "</fast>");
  assert.ok(text.indexOf("</slow>") < text.indexOf("</fast>"));
});

test("500 requests that one client pipelines all get their responses, some handled at the same time", async (t) => {
  let handledCount = 0;
  let handledMax = 0;
  const { port } = await startListener(t, {
    limits: { pipelinedStartedCountMax: 4 },
    handler: async ({ url }) => {
      handledMax = Math.max(handledMax, ++handledCount);
      await new Promise((resolve) => setImmediate(resolve));
      handledCount--;
      return { status: 200, headers: {}, body: `<${url}>` };
    },
  });
  const urls = Array.from({ length: 500 }, (_, index) => `/${index}`);
  const socket = await rawConnection(t, port);
  socket.end(urls.map((url) => `GET ${url} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  const text = await readToClose(socket);
  assert.deepEqual(
    text.match(/<\/\d+>/g),
    urls.map((url) => `<${url}>`),
  );
  assert.equal(handledMax, 4);
});

test("answers carry AWS's headers, an exact length and no Connection header", async (t) => {
  const { port } = await startListener(t, {
    handler: async () => ({
      status: 200,
      headers: { "Content-Type": "application/x-amz-json-1.1" },
      body: '{"a":"ä"}',
    }),
  });
  const socket = await rawConnection(t, port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const text = await readUntil(socket, "}");
  assert.match(text, /\r\nx-amzn-RequestId: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n/);
  assert.match(text, /\r\nx-amz-id-2: [A-Za-z0-9+/]{96}\r\n/);
  assert.match(text, /\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  assert.match(text, /\r\nContent-Length: 10\r\n/);
  assert.match(text, /\r\nContent-Type: application\/x-amz-json-1.1\r\n/);
  assert.doesNotMatch(text, /connection|keep-alive/i);
});

test("a CORS preflight has no x-amz-id-2", async (t) => {
  const { port } = await startListener(t);
  const first = await request1(port, { method: "OPTIONS", headers: { Origin: "http://localhost" } });
  assert.equal(first.headers["x-amz-id-2"], undefined);
  assert.ok(first.headers["x-amzn-requestid"]);
  const second = await request2(session2(t, port), { headers: { ":method": "OPTIONS", origin: "http://localhost" } });
  assert.equal(second.headers["x-amz-id-2"], undefined);
  assert.ok(second.headers["x-amzn-requestid"]);
});

test("a connection is kept between requests", async (t) => {
  const { port } = await startListener(t);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ports = new Set<unknown>();
  for (let round = 0; round < 3; round++) {
    const request = http.request({ port, host: "127.0.0.1", method: "POST", agent });
    request.end("x");
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    ports.add(response.socket.localPort);
    response.resume();
    await once(response, "end");
  }
  assert.equal(ports.size, 1);
});

test("a handler that breaks its promise and rejects costs its own client the connection and no other", async (t) => {
  const { port } = await startListener(t, {
    handler: async (request) => {
      if (request.url === "/broken") throw new Error("broken");
      return echo(request);
    },
  });
  await assert.rejects(request1(port, { path: "/broken" }), /socket hang up/);
  assert.equal((await request1(port)).status, 200);
});

test("127.0.0.1 and ::1 get the same free port", async (t) => {
  const listening = await listen({ port: 0, clock: systemClock, handler: echo });
  t.after(() => listening.close({ graceMs: 0 }));
  assert.equal(listening.hosts[0], "127.0.0.1");
  for (const host of listening.hosts) {
    assert.equal((await request1(listening.port, { host, payload: "x" })).body.toString(), "x");
  }
});

test("a port in use is refused with one sentence", async (t) => {
  const { port } = await startListener(t);
  await assert.rejects(
    listen({ hosts: ["127.0.0.1"], port, clock: systemClock, handler: echo }),
    (error) =>
      error instanceof StartError &&
      error.message ===
        `port ${port} on 127.0.0.1 is already in use by another process (EADDRINUSE); stop it (lsof -i :${port} names it), or choose another port with --port`,
  );
});

test("an address of another machine is refused with one sentence", async () => {
  await assert.rejects(
    listen({ hosts: ["192.0.2.1"], port: 0, clock: systemClock, handler: echo }),
    (error) =>
      error instanceof StartError &&
      error.message === "192.0.2.1 is not an address of this machine (EADDRNOTAVAIL); choose another host",
  );
});

test("connections beyond the limit are reported at once, and at intervals with their number", async (t) => {
  const reports: unknown[] = [];
  t.after(connectionsRefused.subscribe((refused) => reports.push(refused)));
  let movedMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + movedMs };
  const received = Promise.withResolvers<void>();
  const handler = async () => {
    received.resolve();
    return await new Promise<never>(() => undefined);
  };
  const { port } = await startListener(t, { limits: { connectionCountMax: 1 }, clock, handler });
  await rawConnection(t, port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  // It is in use: none is closed for a new one.
  await received.promise;
  const refuse = async () => readToClose(await rawConnection(t, port));
  for (let count = 0; count < 3; count++) await refuse();
  assert.deepEqual(reports, [{ limit: 1, count: 1 }]);
  movedMs = 61_000;
  await refuse();
  assert.deepEqual(reports.slice(1), [{ limit: 1, count: 3 }]);
});

test("connections beyond the limit are closed at once", async (t) => {
  const { port } = await startListener(t, { limits: { connectionCountMax: 2 } });
  const first = await rawConnection(t, port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await readUntil(first, "\r\n\r\n");
  const second = await rawConnection(t, port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await readUntil(second, "\r\n\r\n");
  const third = await rawConnection(t, port);
  assert.equal(await readToClose(third), "");
});
