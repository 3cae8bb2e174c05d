// Clients that ask for large responses and do not read them, over both versions.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { RequestHandler } from "../../../src/server/http/http-message.ts";
import { rawConnection, readToClose, request1, request2, session2, startListener, until } from "./listener.ts";

const mib = 1024 ** 2;
const pageBytes = 8 * mib;
const budgetBytes = 3 * pageBytes;
const limits = {
  responseBytesInFlightMax: budgetBytes,
  peerResponseBytesInFlightMax: budgetBytes,
  sessionResponseBytesMax: 2 * pageBytes,
  responseBytesMin: 1 * mib,
};
const page = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";

/** Large pages as the API makes them; every other path is small. */
function pages(): { readonly handler: RequestHandler; readonly made: () => number } {
  let made = 0;
  const handler: RequestHandler = async (request) => {
    if (request.url !== "/page") return { status: 200, headers: {}, body: "small" };
    const bytes = (await request.admitLarge?.(pageBytes)) ?? 0;
    made++;
    request.countMade?.(bytes);
    return { status: 200, headers: {}, body: Buffer.alloc(bytes) };
  };
  return { handler, made: () => made };
}

test("of 20 pipelined pages that nothing reads one is made, and other clients are served", async (t) => {
  const { handler, made } = pages();
  const listening = await startListener(t, { handler, limits });
  const socket = await rawConnection(t, listening.port);
  socket.pause();
  socket.write(page.repeat(20));
  await until(() => made() === 1);
  for (let count = 0; count < 20; count++) await request1(listening.port, { path: "/" });
  assert.equal(made(), 1);
  socket.destroy();
  await until(() => listening.figures()["response_bytes_in_flight"] === 0);
});

test("unread pages of many connections of both versions stay within the budget, and small requests go on", async (t) => {
  const { handler, made } = pages();
  const listening = await startListener(t, { handler, limits });
  const { port, figures } = listening;
  for (let count = 0; count < 6; count++) {
    const socket = await rawConnection(t, port);
    socket.pause();
    socket.write(page);
  }
  const session = session2(t, port);
  for (let count = 0; count < 6; count++)
    session
      .request({ ":path": "/page" })
      .on("error", () => undefined)
      .pause();
  await until(() => (figures.call(listening)["responses_waiting_for_memory"] ?? 0) > 0);
  assert.ok(made() < 12, `${made()}`);
  assert.ok((listening.figures()["response_bytes_in_flight"] ?? 0) <= budgetBytes);
  assert.equal((await request1(port, { path: "/" })).body.toString(), "small");
  assert.equal((await request2(session2(t, port))).body.toString(), "small");
});

test("clients that read get a page each, however small the budget", async (t) => {
  const { handler } = pages();
  const listening = await startListener(t, { handler, limits });
  const session = session2(t, listening.port);
  const bodies = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      index % 2 === 0
        ? request1(listening.port, { path: "/page" })
        : request2(session, { headers: { ":path": "/page" } }),
    ),
  );
  for (const { body } of bodies) assert.ok(body.length >= limits.responseBytesMin && body.length <= pageBytes);
  await until(() => listening.figures()["response_bytes_in_flight"] === 0);
});

test("while others wait, a client that does not read is cut", async (t) => {
  const { handler } = pages();
  const own = { ...limits, responseBytesInFlightMax: pageBytes, unsentMsMax: 50, unsentBytesPerSecondMin: 1024 * mib };
  const { port } = await startListener(t, { handler, limits: { ...own, timeoutCheckMs: 20 } });
  const stalled = await rawConnection(t, port);
  stalled.pause();
  stalled.write(page);
  await once(stalled, "readable");
  assert.equal((await request1(port, { path: "/page" })).body.length, pageBytes);
});

test("a page leaves before the pages behind it are made", async (t) => {
  const { handler, made } = pages();
  const { port } = await startListener(t, {
    handler,
    limits: { responseBytesInFlightMax: 100 * pageBytes, peerResponseBytesInFlightMax: 100 * pageBytes },
  });
  const madeAtFirstByte = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const socket = await rawConnection(t, port, page);
      await once(socket, "readable");
      return made();
    }),
  );
  assert.ok(Math.min(...madeAtFirstByte) < 12, `${madeAtFirstByte}`);
});

/** A handler of small responses that counts them, and pipelined requests of some KiB each, so that few come in one read. */
function smallResponses(): { readonly handler: RequestHandler; readonly made: () => number; readonly request: string } {
  const body = Buffer.alloc(30 * 1024, "a");
  let made = 0;
  const handler: RequestHandler = async ({ url }) => {
    made++;
    return { status: 200, headers: { "X-Url": url }, body };
  };
  const request = `GET /small HTTP/1.1\r\nHost: a\r\nX-Long: ${"a".repeat(4_000)}\r\n\r\n`;
  return { handler, made: () => made, request };
}

test("fear: small responses that one connection does not read pile up without being counted", async (t) => {
  const { handler, made, request } = smallResponses();
  const listening = await startListener(t, { handler });
  const socket = await rawConnection(t, listening.port);
  socket.pause();
  const count = 2_000;
  socket.write(request.repeat(count));
  // What the system takes does not count.
  await until(() => (listening.figures()["response_bytes_in_flight"] ?? 0) > 0);
  for (let rounds = 0; rounds < 20; rounds++) {
    await request1(listening.port, { path: "/" });
    assert.ok((listening.figures()["response_bytes_in_flight"] ?? 0) <= 16 * 30 * 1024);
  }
  assert.ok(made() < count, "the requests behind them are not started");
  let received = 0;
  for await (const chunk of socket) {
    received += (chunk as Buffer).toString("latin1").split("HTTP/1.1 200 OK").length - 1;
    if (made() >= count + 20 && received >= count - 1) break;
  }
  assert.equal(made(), count + 20);
});

test("a client that closes its half behind 100 pipelined requests gets all responses", async (t) => {
  const { handler, request } = smallResponses();
  const { port } = await startListener(t, { handler });
  const socket = await rawConnection(t, port);
  socket.end(request.repeat(100));
  const text = await readToClose(socket);
  assert.equal(text.split("HTTP/1.1 200 OK").length - 1, 100);
});
