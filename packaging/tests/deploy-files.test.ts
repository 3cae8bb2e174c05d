/** The files of deploy/ that need neither a cluster nor a container engine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makePackage } from "../../scripts/make-package.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { freePort } from "../../test/support/free-ports.ts";
import { root, run } from "../support/run.ts";
import { debianTools, goTool, packagingPython } from "../support/tools.ts";

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

for (const file of globSync(["deploy/compose/*.yaml", "deploy/cluster/*.yaml"], { cwd: root }).sort()) {
  test(`the server takes the settings of ${file}`, async () => {
    const toJson = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    const { services } = JSON.parse(await run(await packagingPython(), ["-c", toJson, join(root, file)]));
    const { command = ["serve"], environment = {} } = (services.millrace ?? services["gateway-1"]) as Service;
    const ofImage = environment["MILLRACE_CREDENTIALS"] === undefined ? { MILLRACE_ALLOW_ANONYMOUS: "true" } : {};
    const nothing = { limits: () => [], credentials: () => [] };
    const variables = { MILLRACE_HOST: "0.0.0.0", ...ofImage, ...environment };
    const { problems, notices } = loadConfig(command.slice(1), variables, () => "{}", nothing);
    assert.equal(problems, undefined);
    assert.deepEqual(notices, []);
  });
}

test("systemd has no complaint about the unit", (t) => {
  const { error, status, stderr } = spawnSync(
    "systemd-analyze",
    ["verify", "--man=no", join(root, "deploy/systemd/millrace.service")],
    { encoding: "utf8" },
  );
  if (error !== undefined) return t.skip("this machine has no systemd-analyze");
  assert.deepEqual([status, stderr], [0, ""]);
});

test("Ruby parses the Homebrew formula", async (t) => {
  if (!(await debianTools(["ruby"], ["ruby"]))) return t.skip("this machine has no Ruby, and may not install it");
  assert.equal(await run("ruby", ["-c", join(root, "deploy/homebrew/millrace.rb")]), "Syntax OK\n");
});

test("the Terraform example is HCL in its usual form", async () => {
  await run(await goTool("hclfmt"), ["-require-no-change", join(root, "deploy/terraform/main.tf")]);
});

test("the GitHub Action starts a server and tells the steps after it where it is", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "millrace-action-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const port = await freePort();
  const env = {
    ...process.env,
    RUNNER_TEMP: home,
    GITHUB_ENV: join(home, "env"),
    PACKAGE: makePackage(root, join(home, "package")),
    ARGUMENTS: "--engine memory --stream orders:2",
    PORT: String(port),
  };
  await run("bash", [join(root, "deploy/github-action/start.sh")], { env });
  const variables = readFileSync(join(home, "env"), "utf8");
  const pid = Number(/^MILLRACE_PID=(\d+)$/m.exec(variables)?.[1]);
  t.after(() => process.kill(pid, "SIGTERM"));
  assert.match(variables, new RegExp(`^AWS_ENDPOINT_URL_KINESIS=http://127.0.0.1:${port}$`, "m"));
  assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
});

test("the GitHub Action fails with the server's words when it does not start", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "millrace-action-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const env = {
    ...process.env,
    RUNNER_TEMP: home,
    GITHUB_ENV: join(home, "env"),
    PACKAGE: makePackage(root, join(home, "package")),
    ARGUMENTS: "--engine none",
    PORT: "0",
  };
  await assert.rejects(run("bash", [join(root, "deploy/github-action/start.sh")], { env }), /--engine/);
});
