import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import type { RequestHandler } from "../../../src/server/http/http-message.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import {
  elapsedMs,
  endlessGraceMs,
  rawConnection,
  readUntil,
  request1,
  request2,
  session2,
  startListener,
  until,
} from "./listener.ts";

/** Counts how often it is read: each check of the timeouts reads it once. */
class CountedClock extends SimulatedClock {
  readCount = 0;

  override monotonicMs(): number {
    this.readCount += 1;
    return super.monotonicMs();
  }
}

async function timeoutChecks(clock: CountedClock, count: number): Promise<void> {
  const { readCount } = clock;
  await until(() => clock.readCount >= readCount + count);
}

/** A handler whose response waits for `letGo`. */
function held(): { readonly handler: RequestHandler; readonly letGo: () => void } {
  let letGo: () => void = () => undefined;
  const latch = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const handler: RequestHandler = async () => {
    await latch;
    return { status: 200, headers: {}, body: "done" };
  };
  return { handler, letGo };
}

test("a drain lets what is in flight finish over both versions, and takes nothing new", async (t) => {
  const { handler, letGo } = held();
  const listening = await startListener(t, { handler });
  const session = session2(t, listening.port);
  const answers = [request1(listening.port), request2(session)];
  await until(() => listening.figures()["requests_in_flight"] === 2);
  const closed = listening.close({ graceMs: endlessGraceMs });
  const late = connect({ port: listening.port, host: "127.0.0.1" });
  await once(late, "error");
  letGo();
  const [first, second] = await Promise.all(answers);
  assert.equal(first?.body.toString(), "done");
  assert.equal(first?.headers["connection"], "close");
  assert.equal(second?.body.toString(), "done");
  await closed;
});

test("a drain says GOAWAY to HTTP/2 sessions", async (t) => {
  const listening = await startListener(t);
  const session = session2(t, listening.port);
  await request2(session);
  const goaway = once(session, "goaway");
  await listening.close({ graceMs: endlessGraceMs });
  assert.equal((await goaway)[0], 0);
});

test("a drain closes idle connections at once", async (t) => {
  const listening = await startListener(t);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await request1(listening.port, { agent });
  await request2(session2(t, listening.port));
  await listening.close({ graceMs: endlessGraceMs });
  assert.equal(listening.figures()["connections"], 0);
});

test("a drain cuts off what is still in flight after its grace", async (t) => {
  const { handler } = held();
  const listening = await startListener(t, { handler });
  const first = assert.rejects(request1(listening.port));
  const session = session2(t, listening.port);
  const second = session.request({});
  second.on("error", () => undefined);
  await until(() => listening.figures()["requests_in_flight"] === 2);
  const ms = await elapsedMs(() => listening.close({ graceMs: 150 }));
  assert.ok(ms >= 120, `${ms} ms`);
  await first;
});

test("a body on its way at the drain is waited for while it moves", async (t) => {
  const clock = new CountedClock();
  const listening = await startListener(t, { clock, limits: { drainBodyIdleMsMax: 300 } });
  const socket = await rawConnection(t, listening.port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
  await until(() => listening.figures()["requests_in_flight"] === 1);
  const closed = listening.close({ graceMs: endlessGraceMs });
  const answer = readUntil(socket, "body");
  for (const byte of "bod") {
    await clock.advance(200);
    await new Promise((resolve) => socket.write(byte, resolve));
    await timeoutChecks(clock, 2);
  }
  await clock.advance(200);
  socket.write("y");
  assert.match(await answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close/);
  // The client does not close; the connection lingers.
  await clock.advance(1_000);
  await closed;
});

test("a second drain joins the first", async (t) => {
  const { handler, letGo } = held();
  const listening = await startListener(t, { handler });
  const answer = request1(listening.port);
  await until(() => listening.figures()["requests_in_flight"] === 1);
  const first = listening.close({ graceMs: endlessGraceMs });
  const second = listening.close({ graceMs: 0 });
  letGo();
  await Promise.all([first, second]);
  assert.equal((await answer).status, 200);
  await listening.close({ graceMs: 0 });
});

test("a drained port is free for the next server", async (t) => {
  const first = await startListener(t);
  await request1(first.port);
  await first.close({ graceMs: 1_000 });
  const second = await startListener(t, { port: first.port });
  assert.equal((await request1(second.port)).status, 200);
});
