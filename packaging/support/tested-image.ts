import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuiltImage, buildImage } from "../image/build-image.ts";
import { cache, root, run } from "./run.ts";

/** The image of this tree, for the tests; built again when something that it is made of has changed. */
export async function testedImage(): Promise<BuiltImage> {
  await run(process.execPath, [join(root, "scripts/setup.mjs"), "--build"]);
  const stamp = join(cache, "tested-image.json");
  const fingerprint = await fingerprintOfSources();
  if (existsSync(stamp)) {
    const { image, builtFrom } = JSON.parse(readFileSync(stamp, "utf8")) as { image: BuiltImage; builtFrom: string };
    if (builtFrom === fingerprint && existsSync(image.archive)) return image;
  }
  // A build that is ended in the middle leaves no stamp of the one before.
  rmSync(stamp, { force: true });
  const image = await buildImage(join(cache, "tested-image"));
  writeFileSync(stamp, JSON.stringify({ image, builtFrom: fingerprint }));
  return image;
}

async function fingerprintOfSources(): Promise<string> {
  const hash = createHash("sha256");
  // The time of the commit is that of every file.
  hash.update(await run("git", ["log", "-1", "--format=%ct"]));
  const files = ["dist/.built-from", "package.json", "package-lock.json", "CHANGELOG.md", "deploy/docker/millrace"];
  const builders = globSync(["packaging/image/*.ts", "packaging/support/debian-files.ts"], { cwd: root }).sort();
  for (const file of [...files, ...builders]) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}
