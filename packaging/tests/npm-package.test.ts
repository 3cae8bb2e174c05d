/** The packed tarball in an empty folder, on each Node that the package promises. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makePackage } from "../../scripts/make-package.ts";
import { root, run, serve, stop, walk } from "../support/run.ts";
import { npmTools } from "../support/tools.ts";

const packagingModules = await npmTools();
let home = "";
let tarball = "";

before(() => {
  home = mkdtempSync(join(tmpdir(), "millrace-npm-"));
  tarball = makePackage(root, join(home, "package"));
});

after(() => rmSync(home, { recursive: true, force: true }));

test("publint finds no fault in the package", async () => {
  const said = await run(join(packagingModules, ".bin", "publint"), ["--strict", tarball]);
  assert.doesNotMatch(said, /Errors|Warnings/);
});

for (const version of ["24", "26"]) {
  test(`on Node ${version} alone the package serves, stores durably, restarts and passes a walk of boto3`, async (t) => {
    const binary = join(packagingModules, `node-${version}`, "bin", "node");
    if (!existsSync(binary)) return t.skip(`npm has no Node ${version} for this platform`);
    const folder = join(home, version);
    const bin = join(folder, "bin");
    const project = join(folder, "project");
    for (const made of [folder, bin, project]) mkdirSync(made);
    symlinkSync(binary, join(bin, "node"));
    const npmCli = (await run("sh", ["-c", "readlink -f $(command -v npm)"])).trim();
    // A user's environment, in which no other Node is found.
    const env = {
      HOME: folder,
      PATH: `${bin}:/usr/bin:/bin`,
      npm_config_cache: (await run("npm", ["config", "get", "cache"])).trim(),
      npm_config_registry: (await run("npm", ["config", "get", "registry"])).trim(),
      // A machine behind a proxy may have an authority of its own.
      NODE_EXTRA_CA_CERTS: process.env["NODE_EXTRA_CA_CERTS"] ?? "",
    };
    const npm = (...args: readonly string[]) => run(join(bin, "node"), [npmCli, ...args], { cwd: project, env });
    writeFileSync(join(project, "package.json"), '{"name": "user", "private": true}');
    await npm("install", "--no-audit", "--no-fund", "--prefer-offline", tarball);
    assert.match(await run(join(bin, "node"), ["--version"], { env }), new RegExp(`^v${version}\\.`));

    const command = join(project, "node_modules", ".bin", "millrace");
    const start = () => serve(command, ["serve", "--port", "0", "--data-dir", "data"], { cwd: project, env });
    const first = await start();
    await walk("put", `http://127.0.0.1:${first.port}`);
    await stop(first, "SIGKILL");
    const second = await start();
    assert.equal(await walk("read", `http://127.0.0.1:${second.port}`), "2000 records in order\n");
    assert.deepEqual(await stop(second, "SIGTERM"), [0, null]);

    const exporting = ["serve", "--port", "0", "--engine", "memory", "--otlp-endpoint", "http://127.0.0.1:4318"];
    const refused = await serve(command, exporting, { cwd: project, env }).then(
      () => assert.fail("it exports without the packages of OpenTelemetry"),
      (error: Error) => error.message,
    );
    const [, installation = ""] = /run "npm (install [^"]+)"/.exec(refused) ?? assert.fail(refused);
    await npm(...installation.split(" "), "--no-audit", "--no-fund", "--prefer-offline");
    const third = await serve(command, exporting, { cwd: project, env });
    assert.deepEqual(await stop(third, "SIGTERM"), [0, null]);
  });
}
