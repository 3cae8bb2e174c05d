import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

/** Everything that a browser loads of the console, with brotli. */
const bytesMax = 80 * 1024;

test("the whole console is at most 80 KiB, and its page names the files that are there", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-console-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const target = join(folder, "dist");
  const script = join(import.meta.dirname, "../../../scripts/build-console.mjs");
  const { status, stderr } = spawnSync(process.execPath, [script, target], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const names = readdirSync(target);
  const bytes = names.filter((name) => name.endsWith(".br")).map((name) => statSync(join(target, name)).size);
  const total = bytes.reduce((sum, size) => sum + size, 0);
  assert(total <= bytesMax, `${total} bytes`);
  const page = readFileSync(join(target, "index.html"), "utf8");
  for (const [, name = ""] of page.matchAll(/(?:src|href)="([^"]+)"/g)) assert(names.includes(name), name);
  assert(!/<script(?![^>]* src=)|<style| on\w+=|style=/.test(page), "nothing inline");
});
