import assert from "node:assert/strict";
import { test } from "node:test";
import { findWordFaults } from "../../../scripts/check-words.ts";

function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return findWordFaults(new Map(Object.entries(files)));
}

// The planted text is put together here, because the check reads this file too.

test("findWordFaults() finds paths of one machine", () => {
  const path = ["", "root", "x"].join("/");
  assert.deepEqual(
    faultsOf({ "docs/a.md": `one\nsee ${path}`, "docs/b.md": `https://example.org${path} and ./a${path}` }),
    [`docs/a.md:2: path of one machine, ${path.slice(0, -1)}`],
  );
});

test("findWordFaults() finds host names of package registries", () => {
  for (const host of [
    ["registry", "npmjs", "org"],
    ["crates", "io"],
    ["files", "pythonhosted", "org"],
    ["repo", "maven", "apache", "org"],
    ["proxy", "golang", "org"],
  ].map((labels) => labels.join("."))) {
    assert.deepEqual(faultsOf({ "bench/a.ts": `const source = "${host}/x";` }), [
      `bench/a.ts:1: host name of a package registry, ${host}`,
    ]);
  }
  const inner = ["https:", "", "registry.example.org"].join("/");
  assert.deepEqual(faultsOf({ ".npmrc": inner }), [`.npmrc:1: host name of a package registry, ${inner}`]);
});

test("findWordFaults() takes the namespace of Maven's project files", () => {
  assert.deepEqual(faultsOf({ "interop/a/pom.xml": '<project xmlns="http://maven.apache.org/POM/4.0.0">' }), []);
});
