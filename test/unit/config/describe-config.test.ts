import assert from "node:assert/strict";
import { test } from "node:test";
import { configDefaults, engineNames } from "../../../src/config/config.ts";
import { describeConfig } from "../../../src/config/describe-config.ts";
import { flags } from "../../../src/config/flags.ts";

test("every flag is described once, and the defaults are marked as such", () => {
  const settings = describeConfig(configDefaults);
  assert.deepEqual(
    settings.map(({ name }) => name),
    flags.map(({ name }) => name),
  );
  assert.deepEqual(
    settings.filter(({ isSet }) => isSet),
    [],
  );
});

test("files are named, and nothing of their contents is shown", () => {
  const credentials = { path: "keys.json", json: { secret: "hidden" } };
  const tls = { certificatePath: "c.pem", certificatePem: "hidden", keyPath: "k.pem", keyPem: "hidden" };
  const settings = describeConfig({ ...configDefaults, credentials, tls, port: 1 });
  const set = Object.fromEntries(settings.filter(({ isSet }) => isSet).map(({ name, value }) => [name, value]));
  assert.deepEqual(set, { port: "1", credentials: "keys.json", "tls-cert": "c.pem", "tls-key": "k.pem" });
  assert(!JSON.stringify(settings).includes("hidden"));
});

test("what is not set has no value, with each engine", () => {
  for (const engine of engineNames) {
    const values = describeConfig({ ...configDefaults, engine }).map(({ value }) => value);
    assert(!values.some((value) => value?.includes("undefined")), engine);
  }
});
