import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultInjector } from "../../../../src/server/dev/fault-injector.ts";
import type { WireRequest, WireResponse } from "../../../../src/server/http/http-message.ts";
import { reportHealth } from "../../../../src/server/pipeline/health.ts";
import { adminPortHandler, type MainPort, mainPortHandler } from "../../../../src/server/pipeline/port-handlers.ts";
import { DevClock } from "../../../../src/time/dev-clock.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

function request(
  method: string,
  url: string,
  headers: WireRequest["headers"] = { host: "localhost:4567" },
): WireRequest {
  return { method, url, headers, body: Buffer.alloc(0), signal: new AbortController().signal };
}

const rooms: MainPort = {
  pipeline: async ({ url }) => ({ status: 200, headers: { "Content-Type": "a/b" }, body: `api ${url}` }),
  origins: { verifiesSignatures: false, corsOrigins: [] },
  isAdminElsewhere: false,
  adminHosts: [],
  health: async () => ({ status: "ready", engine: "memory", durable: false, degraded: [] }),
  metrics: async () => "metric 1\n",
};
const door = mainPortHandler(rooms);

function text(response: WireResponse): string {
  return String(response.body);
}

test("everything that is not the operators' goes to the pipeline, whatever its path", async () => {
  assert.equal(text(await door(request("POST", "/"))), "api /");
  assert.equal(text(await door(request("POST", "/health"))), "api /health");
  assert.equal(text(await door(request("GET", "/other"))), "api /other");
  assert.equal(text(await door(request("DELETE", "/metrics"))), "api /metrics");
});

test("health is 200 when ready and 503 otherwise, under any Host", async () => {
  const ready = await door(request("GET", "/health?x=1", { host: "balancer.internal" }));
  assert.equal(ready.status, 200);
  assert.deepEqual(JSON.parse(text(ready)), { status: "ready", engine: "memory", durable: false, degraded: [] });
  const degraded = ["a write failed"];
  for (const status of ["draining", "unavailable"] as const) {
    const health = async () => ({ status, engine: "embedded", durable: true, degraded });
    assert.equal((await mainPortHandler({ ...rooms, health })(request("GET", "/health"))).status, 503);
  }
});

test("metrics are given under a loopback name only", async () => {
  const given = await door(request("GET", "/metrics"));
  assert.equal(given.status, 200);
  assert.equal(given.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(text(given), "metric 1\n");
  assert.equal((await door(request("GET", "/metrics", { host: "evil.example:4567" }))).status, 403);
  assert.equal((await door(request("GET", "/metrics", {}))).status, 403);
});

test("the console is not there yet, and looks at Host all the same", async () => {
  assert.equal((await door(request("GET", "/console/"))).status, 404);
  assert.equal((await door(request("GET", "/console/app.js", { host: "evil.example" }))).status, 403);
});

test("with an admin port the main port has no metrics, and the admin port has no API", async () => {
  const main = mainPortHandler({ ...rooms, isAdminElsewhere: true });
  assert.equal((await main(request("GET", "/metrics"))).status, 404);
  assert.equal((await main(request("GET", "/health"))).status, 200);
  const admin = adminPortHandler(rooms);
  assert.equal((await admin(request("GET", "/metrics"))).status, 200);
  assert.equal((await admin(request("GET", "/health"))).status, 200);
  assert.equal((await admin(request("POST", "/"))).status, 404);
  assert.equal(
    (await admin(request("GET", "/metrics", { host: "localhost", origin: "http://evil.example" }))).status,
    403,
  );
});

test("the dev endpoints are for callers under a loopback name, and for no foreign page even with signatures verified", async () => {
  const dev = { clock: new DevClock(new SimulatedClock(1_000_000_000_000)), faults: new FaultInjector(() => 0) };
  const withDev: MainPort = { ...rooms, dev, origins: { verifiesSignatures: true, corsOrigins: [] } };
  const open = mainPortHandler(withDev);
  assert.equal(text(await open(request("GET", "/dev/clock?x"))), '{"nowMs":1000000000000}\n');
  assert.equal((await open(request("PUT", "/dev/faults"))).status, 400);
  assert.equal((await open(request("POST", "/dev/clock", { host: "evil.example" }))).status, 403);
  const page = { host: "localhost", origin: "https://evil.example" };
  assert.equal((await open(request("POST", "/dev/clock", page))).status, 403);
  assert.equal((await open(request("OPTIONS", "/dev/faults", page))).status, 403);
  assert.equal((await open(request("GET", "/metrics", page))).status, 403);
  assert.equal((await open(request("POST", "/", page))).status, 200);
  assert.equal(
    (await mainPortHandler({ ...withDev, isAdminElsewhere: true })(request("DELETE", "/dev/faults"))).status,
    404,
  );
  assert.equal((await adminPortHandler(withDev)(request("DELETE", "/dev/faults"))).status, 200);
});

test("without --dev the dev endpoints are 404, and the rest of /dev/ is the API's as every path is", async () => {
  assert.equal((await door(request("POST", "/dev/clock"))).status, 404);
  assert.equal((await door(request("PUT", "/dev/faults"))).status, 404);
  assert.equal(text(await door(request("POST", "/dev/"))), "api /dev/");
});

test("a foreign page gets 403 for everything, its preflight included", async () => {
  for (const [method, url] of [
    ["POST", "/"],
    ["OPTIONS", "/"],
    ["GET", "/health"],
    ["GET", "/metrics"],
  ] as const) {
    const response = await door(request(method, url, { host: "localhost", origin: "https://evil.example" }));
    assert.equal(response.status, 403, `${method} ${url}`);
    assert.equal(response.headers["Access-Control-Allow-Origin"], undefined);
  }
});

test("a page that may call gets AWS's CORS headers on every answer", async () => {
  const headers = { host: "localhost", origin: "http://localhost:3000", "access-control-request-method": "POST" };
  const preflight = await door(request("OPTIONS", "/", headers));
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers["Access-Control-Allow-Methods"], "POST");
  assert.equal(preflight.headers["Content-Type"], undefined);
  assert.equal(text(preflight), "");
  const answer = await door(request("POST", "/", headers));
  assert.equal(answer.headers["Access-Control-Allow-Origin"], "*");
  assert.match(answer.headers["Access-Control-Expose-Headers"] ?? "", /^x-amzn-RequestId,x-amzn-ErrorType,/);
  assert.equal(answer.headers["Content-Type"], "a/b");
});

test("an OPTIONS request without an Origin is the pipeline's", async () => {
  assert.equal(text(await door(request("OPTIONS", "/x"))), "api /x");
});

test("reportHealth() tells draining, and an engine that cannot tell is unavailable", async () => {
  const health = async () => ({ ready: true, durable: true, degraded: [], figures: {} });
  const engine = { name: "embedded", health };
  assert.equal((await reportHealth(engine, { isDraining: false })).status, "ready");
  assert.equal((await reportHealth(engine, { isDraining: true })).status, "draining");
  const failing = { name: "embedded", health: () => Promise.reject(new Error("closed")) };
  assert.deepEqual(await reportHealth(failing, { isDraining: false }), {
    status: "unavailable",
    engine: "embedded",
    durable: false,
    degraded: ["the engine does not tell its health: closed"],
  });
});
