import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, copyFile, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";

interface Outcome {
  readonly exitCode: number;
  readonly said: string;
}

/** A project that depends on a folder of its own only, so that installing it is quick and asks no registry. */
async function makeProject(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "millrace-setup-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const project = { name: "p", version: "1.0.0", dependencies: { part: "file:part" } };
  const part = { name: "part", version: "1.0.0" };
  const packages = { "": project, part, "node_modules/part": { resolved: "part", link: true } };
  await mkdir(join(root, "scripts"));
  await mkdir(join(root, "part"));
  for (const name of ["setup.mjs", "lock.mjs"]) {
    await copyFile(join(import.meta.dirname, "../../../scripts", name), join(root, "scripts", name));
  }
  await writeFile(join(root, "part/package.json"), JSON.stringify(part));
  await writeFile(join(root, "package.json"), JSON.stringify(project));
  await writeFile(join(root, "package-lock.json"), JSON.stringify({ ...project, lockfileVersion: 3, packages }));
  return root;
}

function setUp(root: string, path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`) {
  return new Promise<Outcome>((resolve) => {
    const options = { cwd: root, env: { ...process.env, PATH: path } };
    execFile(process.execPath, ["scripts/setup.mjs"], options, (error, stdout, stderr) => {
      assert.equal(stdout, "", "stdout belongs to what runs next");
      resolve({ exitCode: error === null ? 0 : Number(error.code), said: stderr });
    });
  });
}

const installs = ({ said }: Outcome) => said.includes("setup: installing");

test("setup installs once, also when several start at the same time or later", async (t) => {
  const root = await makeProject(t);
  const together = await Promise.all([setUp(root), setUp(root)]);
  assert.deepEqual(
    together.map(({ exitCode }) => exitCode),
    [0, 0],
    together.map(({ said }) => said).join("\n"),
  );
  const later = await setUp(root);
  assert.equal([...together, later].filter(installs).length, 1);
  await assert.rejects(access(join(root, ".cache/setup.lock")));
});

test("setup takes over the lock of a process that died", async (t) => {
  const root = await makeProject(t);
  const lock = join(root, ".cache/setup.lock");
  await mkdir(lock, { recursive: true });
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  const outcome = await setUp(root);
  assert.equal(outcome.exitCode, 0, outcome.said);
  assert.ok(installs(outcome));
});

test("setup says in one sentence that it uses another Node than the pinned one", async (t) => {
  const { exitCode, said } = await setUp(await makeProject(t));
  assert.equal(exitCode, 0);
  assert.match(said, /^setup: the pinned Node does not run on this machine; using v\d+\.\d+\.\d+ from PATH instead$/m);
});

test("setup refuses to go on when there is no Node that is new enough", async (t) => {
  const root = await makeProject(t);
  await setUp(root);
  const bin = join(root, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "node"), "#!/bin/sh\necho v20.20.2\n", { mode: 0o755 });
  const { exitCode, said } = await setUp(root, `${bin}${delimiter}/usr/bin${delimiter}/bin`);
  assert.equal(exitCode, 1);
  assert.match(said, /the Node in PATH is v20\.20\.2; please install Node 24 or newer\n$/);
});

test("setup passes on that npm cannot install, and fails", async (t) => {
  const root = await makeProject(t);
  await rm(join(root, "package-lock.json"));
  const { exitCode, said } = await setUp(root);
  assert.equal(exitCode, 1);
  assert.match(said, /setup: npm ci failed; its own words are above\n$/);
});
