import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsoleServices } from "../../../../src/server/console/console-services.ts";
import { FaultInjector } from "../../../../src/server/dev/fault-injector.ts";
import type { WireRequest, WireResponse } from "../../../../src/server/http/http-message.ts";
import { plainBodyBytesMax } from "../../../../src/server/http/server-limits.ts";
import { type Endpoints, portBodyAdmitter, portHandler } from "../../../../src/server/pipeline/port-handler.ts";
import type { PortRules } from "../../../../src/server/pipeline/port-rules.ts";
import { DevClock } from "../../../../src/time/dev-clock.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

function request(
  method: string,
  url: string,
  headers: WireRequest["headers"] = { host: "localhost:4567" },
): WireRequest {
  return { method, url, headers, body: Buffer.alloc(0), signal: new AbortController().signal };
}

const rules: PortRules = {
  servesApi: true,
  servesGateways: false,
  servesAdmin: true,
  servesDev: true,
  servesConsole: true,
  adminHosts: [],
  origins: { verifiesSignatures: false, corsOrigins: [] },
};
const endpoints: Endpoints = {
  api: async ({ url }) => ({ status: 200, headers: { "Content-Type": "a/b" }, body: `api ${url}` }),
  monitoring: async ({ url }) => ({ status: 200, headers: {}, body: `monitoring ${url}` }),
  monitoringBodies: () => ({ bytesMax: 9 }),
  consoleApi: async () => ({ status: 200, headers: {}, body: "read for the page" }),
  apiBodies: ({ url }) => (url === "/refused" ? { response: { status: 403, headers: {}, body: "" } } : { bytesMax: 7 }),
  health: async () => ({ status: "ready", engine: "memory", durable: false, degraded: [] }),
  metrics: async () => "metric 1\n",
  dev: { clock: new DevClock(new SimulatedClock(1_000_000_000_000)), faults: new FaultInjector(() => 0) },
};
const handle = portHandler(rules, endpoints);

function text(response: WireResponse): string {
  return String(response.body);
}

test("each route leads to its endpoint", async () => {
  assert.equal(text(await handle(request("POST", "/x"))), "api /x");
  assert.equal(text(await handle(request("GET", "/metrics"))), "metric 1\n");
  assert.equal(text(await handle(request("GET", "/dev/clock?x"))), '{"nowMs":1000000000000}\n');
  assert.equal((await handle(request("PUT", "/dev/faults"))).status, 400);
  assert.equal((await handle(request("GET", "/console"))).status, 404);
  const withConsole = portHandler(rules, { ...endpoints, console: { mode: "on" } as ConsoleServices });
  assert.equal(text(await withConsole(request("POST", "/console/kinesis"))), "read for the page");
});

test("health is 200 when ready and 503 otherwise", async () => {
  const ready = await handle(request("GET", "/health"));
  assert.equal(ready.status, 200);
  assert.deepEqual(JSON.parse(text(ready)), { status: "ready", engine: "memory", durable: false, degraded: [] });
  for (const status of ["draining", "unavailable"] as const) {
    const health = async () => ({ status, engine: "embedded", durable: true, degraded: ["a write failed"] });
    assert.equal((await portHandler(rules, { ...endpoints, health })(request("GET", "/health"))).status, 503);
  }
});

test("health tells a foreign Host nothing but the status", async () => {
  const health = async () => ({
    status: "unavailable" as const,
    engine: "embedded",
    durable: true,
    degraded: ["orders"],
  });
  const foreign = { ...request("GET", "/health"), headers: { host: "evil.example:4567" } };
  const response = await portHandler(rules, { ...endpoints, health })(foreign);
  assert.equal(response.status, 503);
  assert.equal(text(response), '{"status":"unavailable"}\n');
});

test("metrics are Prometheus text that no cache keeps", async () => {
  const { headers } = await handle(request("GET", "/metrics"));
  assert.equal(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(headers["Cache-Control"], "no-store");
});

test("a refused Host and a refused origin get 403, the name, and the flag that allows it", async () => {
  const host = await handle(request("GET", "/metrics", { host: "evil.example:4567" }));
  assert.equal(host.status, 403);
  assert.match(text(host), /^Host header "evil\.example:4567" refused: .*--admin-host/);
  const page = await handle(request("POST", "/", { host: "localhost", origin: "https://evil.example" }));
  assert.equal(page.status, 403);
  assert.match(text(page), /^Cross-origin request refused: .*"https:\/\/evil\.example".*--cors-origin/);
  assert.equal(page.headers["Access-Control-Allow-Origin"], undefined);
});

test("a page that may call gets AWS's CORS headers on every response", async () => {
  const headers = { host: "localhost", origin: "http://localhost:3000", "access-control-request-method": "POST" };
  const preflight = await handle(request("OPTIONS", "/", headers));
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers["Access-Control-Allow-Methods"], "POST");
  assert.equal(preflight.headers["Content-Type"], undefined);
  assert.equal(text(preflight), "");
  for (const url of ["/", "/health", "/metrics"]) {
    const response = await handle(request("GET", url, headers));
    assert.equal(response.headers["Access-Control-Allow-Origin"], "*", url);
    assert.match(response.headers["Access-Control-Expose-Headers"] ?? "", /^x-amzn-RequestId,x-amzn-ErrorType,/);
  }
  assert.equal((await handle(request("POST", "/", headers))).headers["Content-Type"], "a/b");
});

test("a port without the API sends no CORS headers", async () => {
  const admin = portHandler({ ...rules, servesApi: false }, endpoints);
  const page = { host: "localhost", origin: "http://localhost:3000" };
  assert.equal((await admin(request("GET", "/metrics", page))).headers["Access-Control-Allow-Origin"], undefined);
});

test("bodies are the API's to decide on, with CORS headers for web pages, and small on all other paths", () => {
  const admit = portBodyAdmitter(rules, endpoints);
  assert.deepEqual(admit(request("POST", "/")), { bytesMax: 7 });
  assert.deepEqual(admit(request("POST", "/dev/faults")), { bytesMax: plainBodyBytesMax });
  const refused = admit(request("POST", "/refused", { origin: "http://localhost:3000" }));
  assert("response" in refused);
  assert.equal(refused.response.status, 403);
  assert.equal(refused.response.headers["Access-Control-Allow-Origin"], "*");
});
