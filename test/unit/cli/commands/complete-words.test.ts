import assert from "node:assert/strict";
import { test } from "node:test";
import { completionsFor } from "../../../../src/cli/commands/complete-words.ts";
import { createProgram } from "../../../../src/cli/program.ts";

const program = createProgram();

function valuesFor(...words: readonly string[]): readonly string[] {
  return completionsFor(program, words).candidates.map(([value]) => value);
}

function kindFor(...words: readonly string[]): string | undefined {
  return completionsFor(program, words).kind;
}

test("the first word is a command, and none that is hidden", () => {
  const commands = valuesFor("");
  assert(commands.includes("tail") && commands.includes("serve") && !commands.includes("complete"));
  assert.deepEqual(valuesFor("help", ""), commands);
  assert(valuesFor("--").includes("--version"));
  assert.deepEqual(valuesFor("unknown", ""), []);
});

test("options, their values, and what is no option", () => {
  assert(valuesFor("tail", "orders", "--f").includes("--from"));
  assert.deepEqual(valuesFor("ls", "--format", ""), ["text", "json", "ndjson"]);
  assert.deepEqual(valuesFor("completion", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(valuesFor("tail", "--limit", ""), []);
  assert.equal(kindFor("put", "orders", "--file", ""), "files");
  assert.equal(kindFor("serve", "--config", "/e"), "files");
});

test("arguments are streams or files by their place, whatever options stand before them", () => {
  assert.equal(kindFor("tail", ""), "streams");
  assert.equal(kindFor("tail", "--limit", "3", ""), "streams");
  assert.equal(kindFor("tail", "--no-follow", "orders", ""), undefined);
  assert.equal(kindFor("import", "orders", ""), "files");
  assert.equal(kindFor("rm", "one", "two", ""), "streams");
  assert.equal(kindFor("verify", ""), "files");
});
