import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { publishedManifest, repositoryManifest } from "../../../scripts/make-package.ts";

const root = join(import.meta.dirname, "../../..");

test("publishedManifest() keeps what runs and drops what only the repository needs", () => {
  const repository = repositoryManifest(root);
  const manifest = publishedManifest(repository);
  for (const field of ["private", "scripts", "devDependencies", "optionalDependencies"]) {
    assert(field in repository && !(field in manifest), field);
  }
  const { version, dependencies, peerDependencies, peerDependenciesMeta, homepage, bugs, author } = repository;
  const kept = { version, dependencies, peerDependencies, peerDependenciesMeta, homepage, bugs, author };
  assert.partialDeepStrictEqual(manifest, { ...kept, engines: { node: ">=24" } });
});

test("licence and security policy name the holder and the address that package.json has", () => {
  const { author, bugs } = repositoryManifest(root);
  assert(readFileSync(join(root, "LICENSE"), "utf8").includes(`${author}\n`));
  assert(readFileSync(join(root, "SECURITY.md"), "utf8").includes(bugs.email));
});
