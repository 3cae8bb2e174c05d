import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { changelogFaults } from "../../../packaging/release.ts";
import { currentValues, stamp, stampedFiles } from "../../../packaging/stamp.ts";

const root = join(import.meta.dirname, "../../..");

function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

test("files that repeat package.json say what it says", () => {
  const values = currentValues();
  const expected: readonly (readonly [string, readonly string[]])[] = [
    ["LICENSE", ["author"]],
    ["SECURITY.md", ["bugs.email"]],
    ["README.md", ["version"]],
    ["docs/containers.md", ["version", "config.image"]],
    ["deploy/helm/millrace/Chart.yaml", ["version", "homepage", "repository.url"]],
    ["deploy/helm/millrace/values.yaml", ["config.image"]],
    ["deploy/compose/test.yaml", ["config.image", "version"]],
    ["deploy/compose/durable.yaml", ["config.image", "version"]],
    ["deploy/github-action/action.yml", ["version"]],
    ["deploy/homebrew/millrace.rb", ["version", "homepage"]],
    ["deploy/systemd/millrace.service", ["version", "homepage"]],
    ["deploy/testcontainers/node/package.json", ["version"]],
    ["deploy/testcontainers/node/index.js", ["config.image", "version"]],
    ["deploy/testcontainers/python/pyproject.toml", ["version"]],
    ["deploy/testcontainers/python/millrace_testcontainers.py", ["config.image", "version"]],
    ["deploy/testcontainers/java/pom.xml", ["version"]],
    ["deploy/testcontainers/go/millrace.go", ["config.image", "version"]],
  ];
  const files = stampedFiles();
  for (const [file, names] of expected) {
    assert(files.includes(file), `${file} is stamped`);
    for (const name of names) assert(textOf(file).includes(values.get(name) ?? " "), `${file} has no ${name}`);
  }
});

test("a stamp replaces a version where it is whole, and addresses everywhere", () => {
  const old = new Map([
    ["homepage", "https://a.example"],
    ["version", "0.1.0"],
  ]);
  const values = new Map([
    ["homepage", "https://b.example"],
    ["version", "0.2.0"],
  ]);
  const text = "https://a.example/x millrace:0.1.0, millrace-0.1.0.tgz, other v0.1.0, 10.1.0, 0.1.01, 0.1.0.1";
  const stamped = "https://b.example/x millrace:0.2.0, millrace-0.2.0.tgz, other v0.1.0, 10.1.0, 0.1.01, 0.1.0.1";
  assert.equal(stamp(text, old, values), stamped);
});

test("a changelog without the version, without its date or with entries left under Unreleased keeps a release back", () => {
  const released = "# Changelog\n\n## Unreleased\n\n## 1.0.0 - 2026-12-01\n\n- One.\n";
  assert.deepEqual(changelogFaults(released, "1.0.0"), []);
  assert.match(changelogFaults(released, "1.1.0").join(), /no section/);
  assert.match(changelogFaults("## 1.0.0 - soon\n", "1.0.0").join(), /no date/);
  assert.match(changelogFaults(`## Unreleased\n\n- Two.\n\n${released}`, "1.0.0").join(), /Unreleased/);
});
