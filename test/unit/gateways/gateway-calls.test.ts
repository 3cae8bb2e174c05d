import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type { Gateways } from "../../../src/gateways/open-gateways.ts";
import { OpenedGateways } from "./opened-gateways.ts";

interface Receiver extends AsyncDisposable {
  /** The bodies of all requests. */
  readonly bodies: readonly Buffer[];
}

/** Serves the calls of a gateway over HTTP, and tells the others its address. */
async function serve(gateways: OpenedGateways, { calls, registry }: Gateways): Promise<Receiver> {
  const bodies: Buffer[] = [];
  const server: Server = createServer(async (incoming, response) => {
    const body = await buffer(incoming);
    bodies.push(body);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const answer = await calls.answer(body, gone.signal);
    response.statusCode = answer === undefined ? 403 : 200;
    response.end(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await registry.announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await gateways.settle();
  return {
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const { signal } = new AbortController();
const payload = Buffer.from("give me records");

test("a call reaches the handler of the other gateway, and its answer and its errors come back", async () => {
  await using gateways = new OpenedGateways();
  const [first, second] = [await gateways.open(), await gateways.open()];
  await using receiver = await serve(gateways, second);
  second.calls.handle("echo", async (bytes) => Buffer.concat([Buffer.from("> "), bytes]));
  second.calls.handle("fail", async () => {
    throw new EngineError("throttled", "too many in flight");
  });
  const answer = await first.calls.call(second.registry, { name: "echo", payload, signal });
  assert.equal(Buffer.from(answer).toString(), "> give me records");
  await assert.rejects(first.calls.call(second.registry, { name: "fail", payload, signal }), (error) => {
    return error instanceof EngineError && error.kind === "throttled" && error.message === "too many in flight";
  });
  await assert.rejects(first.calls.call(second.registry, { name: "absent", payload, signal }), /another version/);
  assert.equal(receiver.bodies.length, 3);
  assert(!receiver.bodies.some((body) => body.includes("give me records")), "nothing is sent in clear");
});

test("a call that was heard on the wire is refused when it is sent once more, and so is one that was changed", async () => {
  await using gateways = new OpenedGateways();
  const [first, second, third] = [await gateways.open(), await gateways.open(), await gateways.open()];
  await using receiver = await serve(gateways, second);
  let count = 0;
  for (const { calls } of [second, third]) {
    calls.handle("count", async () => {
      count += 1;
      return new Uint8Array();
    });
  }
  await first.calls.call(second.registry, { name: "count", payload, signal });
  const [body = Buffer.alloc(0)] = receiver.bodies;
  assert.equal(await second.calls.answer(body, signal), undefined, "once more");
  assert.equal(await third.calls.answer(body, signal), undefined, "to another gateway");
  for (let at = 0; at < body.length; at++) {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] as number) ^ 1;
    assert.equal(await second.calls.answer(changed, signal), undefined, `changed at ${at}`);
  }
  for (const junk of [Buffer.alloc(0), Buffer.alloc(500), Buffer.of(255)]) {
    assert.equal(await second.calls.answer(junk, signal), undefined);
  }
  await first.close();
  await gateways.settle();
  assert.equal(await second.calls.answer(body, signal), undefined, "of a gateway that is gone");
  assert.equal(count, 1);
});

test("a call to a gateway that is not reached says that nothing was done, and one that is lost that it may be", async () => {
  await using gateways = new OpenedGateways();
  const [first, second, third] = [await gateways.open(), await gateways.open(), await gateways.open()];
  const ofKind = (kind: string) => (error: unknown) => error instanceof EngineError && error.kind === kind;
  const to = (target: Gateways) => first.calls.call(target.registry, { name: "wait", payload, signal });
  await assert.rejects(to(second), ofKind("unavailable"), "its port is not open");
  const closed = await serve(gateways, second);
  await closed[Symbol.asyncDispose]();
  await assert.rejects(to(second), ofKind("unavailable"), "its port is closed");

  await using _ = await serve(gateways, third);
  const called = Promise.withResolvers<void>();
  let isAborted = false;
  third.calls.handle("wait", async (_bytes, gone) => {
    called.resolve();
    await once(gone, "abort");
    isAborted = true;
    return new Uint8Array();
  });
  const lost = assert.rejects(to(third), ofKind("indeterminate"), "it has gone while it works");
  await called.promise;
  await third.registry.close();
  await gateways.settle();
  await lost;
  while (!isAborted) await gateways.settle();
});
