/** The release: what it holds, and that a second build gives the same bytes; for the image, image.test.ts says so. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryManifest } from "../../scripts/make-package.ts";
import { buildRelease } from "../release.ts";
import { hasDebianTools } from "../support/debian-files.ts";
import { root, run } from "../support/run.ts";
import { testedImage } from "../support/tested-image.ts";

const skip = hasDebianTools() ? false : "the image is built with Debian's tools";

test("a release has each file with its checksum and a bill of materials, and a second build the same bytes", {
  skip,
}, async (t) => {
  const target = mkdtempSync(join(tmpdir(), "millrace-release-test-"));
  t.after(() => rmSync(target, { recursive: true, force: true }));
  const files = await buildRelease(target, testedImage);
  const { version } = repositoryManifest(root);
  assert.deepEqual(files, [
    `millrace-${version}-image.tar`,
    `millrace-${version}-linux-amd64.tar.gz`,
    `millrace-${version}-linux-arm64.tar.gz`,
    `millrace-${version}-sbom.cdx.json`,
    `millrace-${version}-site.tgz`,
    `millrace-${version}.tgz`,
    `millrace-chart-${version}.tgz`,
    "millrace.rb",
    "SHA256SUMS",
  ]);
  await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: target });
  const sums = readFileSync(join(target, "SHA256SUMS"), "utf8");
  const again = `${target}-again`;
  t.after(() => rmSync(again, { recursive: true, force: true }));
  await buildRelease(again, testedImage);
  assert.equal(readFileSync(join(again, "SHA256SUMS"), "utf8"), sums);
  const bill = JSON.parse(readFileSync(join(target, `millrace-${version}-sbom.cdx.json`), "utf8"));
  const names = bill.components.map(({ name }: { name: string }) => name);
  for (const name of ["asn1js", "commander", "node", "libc6"]) assert(names.includes(name), name);
  assert(!names.includes("typescript"));
  const tarballSum = sums.match(/^(\w+) {2}millrace-[\d.]+\.tgz$/m)?.[1];
  assert(tarballSum !== undefined && readFileSync(join(target, "millrace.rb"), "utf8").includes(tarballSum));
});
