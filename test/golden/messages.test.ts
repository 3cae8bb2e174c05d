/**
 * Every sentence that can reach a person, in `messages.txt`: a new or changed one is read there before it is committed.
 * After such a change: MILLRACE_WRITE_GOLDEN=1 npm test -- test/golden/messages.test.ts
 */
import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { messagesIn } from "../support/source-messages.ts";

const root = join(import.meta.dirname, "../..");
const golden = join(import.meta.dirname, "messages.txt");
const writesGolden = process.env["MILLRACE_WRITE_GOLDEN"] !== undefined;

/** The texts of each folder of src, in alphabetical order, so that moving a file changes nothing. */
function listMessages(): string {
  const folders = new Map<string, Set<string>>();
  for (const path of globSync("src/**/*.ts", { cwd: root }).sort()) {
    if (path.endsWith(".generated.ts")) continue;
    const [, folder = ""] = path.replaceAll("\\", "/").split("/");
    const messages = folders.get(folder) ?? new Set();
    for (const message of messagesIn(readFileSync(join(root, path), "utf8"))) messages.add(message);
    folders.set(folder, messages);
  }
  const sections = [...folders].filter(([, messages]) => messages.size > 0);
  return sections.map(([folder, messages]) => `# src/${folder}\n${[...messages].sort().join("\n")}\n`).join("\n");
}

test("every sentence of the source is in the list of messages", () => {
  const messages = listMessages();
  if (writesGolden) writeFileSync(golden, messages);
  assert.equal(messages, readFileSync(golden, "utf8"));
});

test("strings, templates and log messages are found, and neither regular expressions nor comments", () => {
  const source = [
    'const a = "one"; // "not a sentence"',
    "const b = /`two words`/.test(a) ? 4 / 2 : `sum of $[a] and $[f({ c: `an inner one` })] words`;",
    'log.info("ready", { d: "text" });',
    'say("first line\\nsecond line");',
  ]
    .join("\n")
    .replaceAll("$[", "${")
    .replaceAll("]", "}");
  assert.deepEqual(messagesIn(source), [
    "an inner one",
    "sum of {…} and {…} words",
    "ready",
    "first line",
    "second line",
  ]);
});
