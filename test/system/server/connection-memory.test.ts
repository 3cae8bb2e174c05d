import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { test } from "node:test";
import { systemClock } from "../../../src/time/system-clock.ts";
import { rawConnection, readUntil, startListener } from "./listener.ts";

const mib = 1024 ** 2;
const complete = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na";
const manyHeaders = Array.from({ length: 2_500 }, (_, index) => `x${index}: b\r\n`).join("");

function movableClock() {
  const moved = { ms: 0 };
  return { moved, clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + moved.ms } };
}

test("fear: connections that are open and idle keep every new client out", async (t) => {
  const { moved, clock } = movableClock();
  const { port } = await startListener(t, { limits: { connectionCountMax: 20 }, clock });
  const idle = [];
  for (let count = 0; count < 20; count++) {
    const connection = await rawConnection(t, port, complete);
    await readUntil(connection, "\r\n\r\na");
    idle.push(connection);
  }
  moved.ms = 5_000;
  const closed = once(idle[0] as (typeof idle)[number], "close");
  (idle[0] as (typeof idle)[number]).resume().end();
  const polite = await rawConnection(t, port, complete);
  assert.match(await readUntil(polite, "\r\n\r\na"), /^HTTP\/1\.1 200 /);
  await closed;
});

for (const [title, start] of [
  ["heads that never end", `POST / HTTP/1.1\r\nHost: a\r\n${manyHeaders}`],
  ["long heads whose bodies never come", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n${manyHeaders}\r\n`],
] as const) {
  test(`fear: ${title} take memory without a bound`, async (t) => {
    const { moved, clock } = movableClock();
    const limits = { connectionBytesMax: 4 * mib, timeoutCheckMs: 20, headersMsMax: 60_000 };
    const listening = await startListener(t, { limits, clock });
    let closedCount = 0;
    for (let count = 0; count < 60; count++) {
      const connection = await rawConnection(t, listening.port, start);
      connection
        .on("close", () => closedCount++)
        .on("end", () => connection.end())
        .resume();
      moved.ms += 2_000;
    }
    while ((listening.figures()["connection_bytes"] ?? 0) > limits.connectionBytesMax) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // Each takes 300 to 500 KB.
    while (closedCount < 40) await new Promise((resolve) => setTimeout(resolve, 5));
    const polite = await rawConnection(t, listening.port, complete);
    assert.match(await readUntil(polite, "\r\n\r\na"), /^HTTP\/1\.1 200 /);
  });
}

test("fear: open streams of HTTP/2 with long headers take memory without a bound", async (t) => {
  const limits = { connectionBytesMax: 4 * mib };
  const listening = await startListener(t, { limits });
  const session = http2.connect(`http://127.0.0.1:${listening.port}`);
  session.on("error", () => undefined);
  t.after(() => session.destroy());
  await once(session, "remoteSettings");
  let refusedCount = 0;
  for (let count = 0; count < 200; count++) {
    const stream = session.request({
      ":method": "POST",
      "content-length": "9",
      a: "a".repeat(9_000),
      b: "b".repeat(9_000),
    });
    stream.on("error", () => undefined);
    stream.on("close", () => {
      if (stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM) refusedCount++;
    });
  }
  // 45 KB each.
  while (refusedCount < 100) await new Promise((resolve) => setTimeout(resolve, 5));
  assert((listening.figures()["connection_bytes"] ?? 0) <= limits.connectionBytesMax);
});
