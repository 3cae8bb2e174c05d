import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { StartError } from "../../../../src/config/start-error.ts";
import { loadOpenTelemetry, openTelemetryPackages } from "../../../../src/telemetry/otlp/load-opentelemetry.ts";

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../package.json"), "utf8"));

test("a missing package is named with the command that installs all of them", async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "@opentelemetry/resources") return next(specifier, context);
      throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" });
    },
  });
  try {
    await assert.rejects(loadOpenTelemetry(), (error) => {
      assert(error instanceof StartError);
      assert.match(error.message, /"npm install (@opentelemetry\/[a-z-]+@[\d.]+ ?)+"/);
      return true;
    });
  } finally {
    hooks.deregister();
  }
});

test("the sentence names the optional packages of package.json, in versions that the tests run with", () => {
  const names = openTelemetryPackages.map((specifier) => specifier.slice(0, specifier.lastIndexOf("@")));
  assert.deepEqual(names.toSorted(), Object.keys(manifest.peerDependencies));
  for (const [i, name] of names.entries()) {
    assert.equal(manifest.peerDependenciesMeta[name].optional, true);
    const version = openTelemetryPackages[i]?.slice(name.length + 1);
    assert(`${manifest.devDependencies[name]}.`.startsWith(`${version}.`), name);
  }
});

test("a protocol that the exporter does not speak is refused before anything is loaded", async (t) => {
  t.after(() => {
    delete process.env["OTEL_EXPORTER_OTLP_PROTOCOL"];
    delete process.env["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"];
  });
  process.env["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
  await assert.rejects(loadOpenTelemetry(), /^StartError: OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not http\/protobuf/);
  process.env["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] = "http/protobuf";
  await loadOpenTelemetry();
});
