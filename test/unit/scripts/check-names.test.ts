import assert from "node:assert/strict";
import { test } from "node:test";
import { findNameFaults } from "../../../scripts/check-names.ts";

function faultsOf(text: string): readonly string[] {
  return findNameFaults(new Map([["src/a.ts", text]]));
}

test("findNameFaults() finds a private word at the start, in the middle and at the end of an exported name", () => {
  for (const declaration of [
    "class House {}",
    "abstract class TlsDoor {}",
    "interface ShardRooms {}",
    "async function rehearseHealth() {}",
    "function* seats() {}",
    "const NO_WEATHER = 1;",
    "type OpenLedgers = 1;",
  ]) {
    const faults = faultsOf(`import "x";\nexport ${declaration}\n`);
    assert.equal(faults.length, 1, declaration);
    assert.match(faults[0] ?? "", /^src\/a\.ts: exports \w+, which has a private word for a standard term$/);
  }
});

test("findNameFaults() takes names that only contain the letters, and names that are not exported", () => {
  assert.deepEqual(faultsOf("export class Mushroom {}\nexport const engraved = 1;\nclass Room {}\n"), []);
});

test("findNameFaults() reads only TypeScript", () => {
  assert.deepEqual(findNameFaults(new Map([["docs/a.md", "export class House {}"]])), []);
});

test("findNameFaults() finds names of tests that are too long for a line, plain and in templates", () => {
  const name = "x".repeat(111);
  assert.deepEqual(
    faultsOf(`test("${name}", () => {});\nengineTest(\n  \`${name}\`,\n);\ntest("${name.slice(1)}");\n`),
    [
      `src/a.ts: a test name of 111 characters, at most 110: ${name}`,
      `src/a.ts: a test name of 111 characters, at most 110: ${name}`,
    ],
  );
});

test("findNameFaults() wants the last word of each class of src in the glossary, and the names there in src", () => {
  const glossary = [
    "# Glossary",
    "`Prose` is no row, and `Gone` is not declared.",
    "| term | meaning |",
    "|---|---|",
    "| commit group | What one sync made durable (`GroupCommit`) |",
    "| reader, cache | A role |",
    "| read-ahead | `NodeClock`, `snake_case` and `CONSTANT` |",
  ].join("\n");
  const files = {
    "docs/glossary.md": glossary,
    "src/a.ts": "export class GroupReader {}\nexport abstract class OldCaches {}\nexport class ReadAhead {}\n",
    "src/b.ts": "export class Commit {}\nclass GroupCommit {}\nexport interface Prose {}\n",
    "test/c.ts": "export class Anything {}\n",
  };
  assert.deepEqual(findNameFaults(new Map(Object.entries(files))), [
    "src/b.ts: Commit, whose last word is no term or role of docs/glossary.md",
    "docs/glossary.md: Gone, which src does not declare",
    "docs/glossary.md: NodeClock, which src does not declare",
  ]);
});
