import assert from "node:assert/strict";
import { test } from "node:test";
import { closestName } from "../../../src/config/closest-name.ts";

const names = ["port", "host", "data-dir", "log-level", "tls-cert", "tls-key", "transition-delay"] as const;

test("a misspelt name is recognized by its letters, by a typing error or two, and by a beginning that only one has", () => {
  const expected: Readonly<Record<string, string>> = {
    ...{
      dataDir: "data-dir",
      data_dir: "data-dir",
      PORT: "port",
      prot: "port",
      ports: "port",
      pot: "port",
      hast: "host",
    },
    ...{ "tarnsition-dely": "transition-delay", log: "log-level", data: "data-dir", "tls-c": "tls-cert" },
  };
  for (const [given, name] of Object.entries(expected)) assert.equal(closestName(given, names), name, given);
});

test("a name that may mean several, or none, gets no suggestion", () => {
  for (const given of ["", "-", "tls", "verbose", "rpt", "é"]) {
    assert.equal(closestName(given, names), undefined, given);
  }
  assert.equal(closestName("x".repeat(100_000), names), undefined);
});
