import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { EventLoopTick } from "../../../src/time/event-loop-tick.ts";
import { rawConnection, readUntil, startListener } from "./listener.ts";

const requestText = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

test("fear: clients that send hundreds of requests at once hold up the event loop until all are parsed", async (t) => {
  const connectionCount = 20;
  const limits = { headBytesPerTickMax: 8 * 1024, resumedPerTickMax: 2 };
  const tick = new EventLoopTick();
  const startedIn = new Map<number, number>();
  const { port } = await startListener(t, {
    limits,
    handler: async () => {
      startedIn.set(tick.current, (startedIn.get(tick.current) ?? 0) + 1);
      return { status: 200, headers: {}, body: "" };
    },
  });
  const sockets = await Promise.all(Array.from({ length: connectionCount }, () => rawConnection(t, port)));
  for (const socket of sockets) socket.end(requestText.repeat(200));
  await Promise.all(sockets.map((socket) => once(socket.resume(), "close")));
  const startedMax = Math.max(...startedIn.values());
  const allowed = connectionCount + limits.headBytesPerTickMax / 1024 + 1;
  assert(startedMax <= allowed, `${startedMax} requests in a tick, ${allowed} allowed`);
  assert(startedIn.size > 10, `all in ${startedIn.size} ticks`);
});

test("fear: a client whose requests wait for their turn loses some of them, or their order", async (t) => {
  const { port } = await startListener(t, { limits: { headBytesPerTickMax: 1, resumedPerTickMax: 1 } });
  const sockets = await Promise.all(Array.from({ length: 3 }, () => rawConnection(t, port)));
  const bodies = Array.from({ length: 100 }, (_, index) => `<${index}>`.repeat(200));
  const requests = bodies.map((body) => `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const answers = sockets.map((socket) => readUntil(socket, `${"<99>".repeat(200)}`));
  for (const socket of sockets) socket.write(requests.join(""));
  for (const answer of await Promise.all(answers)) {
    const seen = [...answer.matchAll(/<(\d+)>/g)].map(([, index]) => Number(index));
    assert.deepEqual([...new Set(seen)], [...bodies.keys()]);
    assert.equal(seen.length, 200 * bodies.length);
  }
});
