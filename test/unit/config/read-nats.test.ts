import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../../src/config/load-config.ts";

const checks = { limits: () => [], credentials: () => [] };
const load = (line: string, environment: Readonly<Record<string, string>> = {}) =>
  loadConfig(line.split(" "), environment, (path) => `text of ${path}`, checks);

test("the jetstream engine takes its servers, login and promises from flags, or from the environment", () => {
  const { config } = load(
    "--engine jetstream --nats nats://a:1,tls://u:p@b:2 --nats-creds c --nats-tls-ca ca --nats-monitor http://a:8222 --assume-fsync",
  );
  assert.deepEqual(config?.nats, {
    urls: ["nats://a:1", "tls://u:p@b:2"],
    credentials: "text of c",
    paths: { "nats-creds": "c", "nats-tls-ca": "ca", "nats-tls-cert": undefined, "nats-tls-key": undefined },
    tls: { ca: "text of ca" },
    monitorUrls: ["http://a:8222"],
    assumesFsync: true,
    allowsDegraded: false,
  });
  const variables = { MILLRACE_ENGINE: "jetstream", MILLRACE_NATS: "nats://a:1", MILLRACE_ALLOW_DEGRADED: "true" };
  const fromEnvironment = loadConfig([], variables, () => "", checks).config?.nats;
  assert.deepEqual(
    { ...fromEnvironment, paths: {} },
    {
      paths: {},
      urls: ["nats://a:1"],
      monitorUrls: [],
      assumesFsync: false,
      allowsDegraded: true,
    },
  );
});

test("settings of the jetstream engine that cannot work are problems", () => {
  for (const [line, problem] of [
    [
      "--engine jetstream --nats a:1",
      '--nats: "a:1" is not an address such as nats://127.0.0.1:4222 or tls://nats.example:4222',
    ],
    ["--engine jetstream --nats nats://a --nats-tls-cert c", "--nats-tls-cert: needs --nats-tls-key as well"],
    [
      "--engine jetstream --nats nats://a --dev",
      "--dev: is not possible with the jetstream engine: the NATS servers' clocks cannot be moved",
    ],
    [
      "--engine jetstream --nats nats://a --encrypt-at-rest",
      "--encrypt-at-rest: has no effect with the jetstream engine, whose servers have the disks",
    ],
  ] as const) {
    assert.deepEqual(load(line).problems, [problem]);
  }
});

test("settings of the jetstream engine have no effect with another one", () => {
  const { notices } = load("--engine memory --nats nats://a");
  assert.deepEqual(notices, ["--nats: has no effect with the memory engine, only with jetstream"]);
});
