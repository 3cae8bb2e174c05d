import assert from "node:assert/strict";
import { test } from "node:test";
import { findWordFaults } from "../../../scripts/check-words.ts";

function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return findWordFaults(new Map(Object.entries(files)));
}

// The planted text is put together here, because the check reads this file too.

test("findWordFaults() finds words that name no subject, in code, comments and documents", () => {
  const words = [
    ["who", "ever"],
    ["some", "body"],
    ["any", "body"],
    ["no", "body"],
    ["an", "ew"],
  ].map((parts) => parts.join(""));
  for (const word of words) {
    const capital = word.charAt(0).toUpperCase() + word.slice(1);
    assert.deepEqual(faultsOf({ "docs/a.md": `line\n${capital} writes`, "src/a.ts": `const ${word} = 1;` }), [
      `docs/a.md:2: word that names no subject, ${capital}`,
      `src/a.ts:1: word that names no subject, ${word}`,
    ]);
  }
  assert.deepEqual(faultsOf({ "src/a.ts": `const ${words[3]}Count = 1; // ${words[4]}est` }), []);
});

test('findWordFaults() finds comments that begin with "Of", and takes it in a later line', () => {
  const of = "Of";
  assert.deepEqual(faultsOf({ "src/a.ts": `/** ${of} all. */\n/**\n * ${of} a read.\n */\nx(); // ${of} b.\n` }), [
    `src/a.ts:1: comment that begins with "Of", /** ${of}`,
    `src/a.ts:2: comment that begins with "Of", /**\n * ${of}`,
    `src/a.ts:5: comment that begins with "Of", // ${of}`,
  ]);
  assert.deepEqual(
    faultsOf({ "src/a.ts": `/**\n * Bytes.\n * ${of} all.\n */\n// Bytes\n// ${of} all.\n/** Offset. */` }),
    [],
  );
});

test("findWordFaults() finds markers of hot paths", () => {
  const marker = ["// Hot", "path"].join(" ");
  assert.deepEqual(faultsOf({ "src/a.ts": `${marker}.\n/** Reads. */` }), [
    `src/a.ts:1: marker without information, ${marker}`,
  ]);
});

test("findWordFaults() finds paths of one machine", () => {
  const path = ["", "root", "x"].join("/");
  assert.deepEqual(
    faultsOf({ "docs/a.md": `one\nsee ${path}`, "docs/b.md": `https://example.org${path} and ./a${path}` }),
    [`docs/a.md:2: path of one machine, ${path.slice(0, -1)}`],
  );
});

test("findWordFaults() finds host names of package registries", () => {
  for (const labels of [
    ["npmjs", "org"],
    ["crates", "io"],
    ["pythonhosted", "org"],
    ["repo", "maven", "apache", "org"],
    ["proxy", "golang", "org"],
  ]) {
    const host = labels.join(".");
    assert.deepEqual(faultsOf({ "bench/a.ts": `const source = "any.${host}/x";` }), [
      `bench/a.ts:1: host name of a package registry, ${host}`,
    ]);
  }
  const inner = ["https:", "", "registry.example.org"].join("/");
  assert.deepEqual(faultsOf({ ".npmrc": inner }), [`.npmrc:1: host name of a package registry, ${inner}`]);
});

test("findWordFaults() takes the namespace of Maven's project files", () => {
  assert.deepEqual(faultsOf({ "interop/a/pom.xml": '<project xmlns="http://maven.apache.org/POM/4.0.0">' }), []);
});
