/** The single executable: what needs a file of the package elsewhere (threads, console, version) works inside it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { repositoryManifest } from "../../scripts/make-package.ts";
import { buildExecutables } from "../executable/build-executable.ts";
import { root, run, serve, stop, walk } from "../support/run.ts";

const isHere = process.platform === "linux" && process.arch === "x64";
const skip = isHere ? false : "the executable for Linux on x64 runs there alone";
let home = "";
let folder = "";
let millrace = "";
let env: NodeJS.ProcessEnv = {};

before(async () => {
  home = mkdtempSync(join(tmpdir(), "millrace-executable-test-"));
  folder = join(home, "built");
  await buildExecutables(folder);
  millrace = join(folder, "amd64", "millrace");
  const empty = join(home, "empty");
  mkdirSync(empty);
  // No Node, no npm, no file of the package.
  env = { HOME: empty, PATH: "/usr/bin:/bin", TMPDIR: home };
});

after(() => rmSync(home, { recursive: true, force: true }));

function start(...args: readonly string[]) {
  return serve(millrace, ["serve", "--port", "0", ...args], { cwd: home, env });
}

function command(args: readonly string[], port: number, more: NodeJS.ProcessEnv = {}): Promise<string> {
  return run(millrace, args, { cwd: home, env: { ...env, MILLRACE_ENDPOINT: `http://127.0.0.1:${port}`, ...more } });
}

test("the same tree builds the same executable", async () => {
  const again = join(home, "again");
  await buildExecutables(again, ["amd64"]);
  const sums = (of: string) =>
    globSync("amd64/*", { cwd: of })
      .sort()
      .map((path) => [
        path,
        createHash("sha256")
          .update(readFileSync(join(of, path)))
          .digest("hex"),
      ]);
  assert.deepEqual(sums(again), sums(folder));
  assert.equal(sums(folder).length, 3);
  rmSync(again, { recursive: true });
});

test("the executable for arm64 is an ELF file of that architecture", () => {
  const header = readFileSync(join(folder, "arm64", "millrace")).subarray(0, 20);
  assert.deepEqual([header.toString("latin1", 1, 4), header.readUInt16LE(18)], ["ELF", 183]);
  assert((statSync(join(folder, "arm64", "millrace")).mode & 0o111) === 0o111);
});

test("the licences name each package that the executable contains", () => {
  const text = readFileSync(join(folder, "amd64", "THIRD-PARTY-LICENSES"), "utf8");
  for (const name of ["Node.js", "commander", "pkijs", "@aws-sdk/client-kinesis", "@nats-io/transport-node"]) {
    assert(text.includes(`== ${name} `), name);
  }
});

test("version and help need no file beside it", { skip }, async () => {
  const { version } = repositoryManifest(root);
  assert.equal(await run(millrace, ["--version"], { cwd: home, env }), `${version}\n`);
  assert.match(await run(millrace, ["tail", "--help"], { cwd: home, env }), /^Usage: millrace tail STREAM/);
});

test("it stores durably, restarts, compacts in its thread and serves the console", { skip }, async () => {
  const data = ["--data-dir", "data"];
  const first = await start(...data);
  await walk("put", `http://127.0.0.1:${first.port}`);
  await stop(first, "SIGKILL");
  const second = await start(...data);
  assert.equal(await walk("read", `http://127.0.0.1:${second.port}`), "2000 records in order\n");
  // More than a WAL file holds, so that the compaction thread writes a segment.
  const bytes = ["--records", "15000", "--size", "10000", "--batch", "200", "--seconds", "60"];
  const { records, failed } = JSON.parse(await command(["bench", "orders", ...bytes, "--json"], second.port));
  assert.deepEqual([records, failed], [15_000, 0]);
  const page = await fetch(`http://127.0.0.1:${second.port}/console/`);
  const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1] ?? "";
  const answer = await fetch(new URL(script, page.url), { headers: { "accept-encoding": "br" } });
  assert.deepEqual([page.status, answer.status, answer.headers.get("content-encoding")], [200, 200, "br"]);
  assert.deepEqual(await stop(second, "SIGTERM"), [0, null]);
  const checked = JSON.parse(await run(millrace, ["inspect", join(home, "data")], { cwd: home, env }));
  assert(globSync("data/segments/*.segment", { cwd: home }).length > 0, JSON.stringify(checked).slice(0, 500));
  await run(millrace, ["verify", join(home, "data")], { cwd: home, env });
});

test("its thread for digests verifies the signature of a large body", { skip }, async (t) => {
  const credentials = join(home, "credentials.json");
  const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", account: "000000000000" };
  writeFileSync(credentials, JSON.stringify({ credentials: [key] }));
  const server = await start("--engine", "memory", "--stream", "orders:1", "--credentials", credentials);
  t.after(() => stop(server, "SIGTERM"));
  const large = "x".repeat(100_000);
  const signed = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
  await command(["put", "orders", large, "--key", "k"], server.port, signed);
  const printed = await command(
    ["tail", "orders", "--from", "oldest", "--no-follow", "-f", "{size}"],
    server.port,
    signed,
  );
  assert.equal(printed, "100000\n");
  const forged = { ...signed, AWS_SECRET_ACCESS_KEY: "other" };
  await assert.rejects(command(["put", "orders", large, "--key", "k"], server.port, forged), /signature/i);
});

test("tail ends when its reader does, which a thread of it notices", { skip }, async (t) => {
  const server = await start("--engine", "memory", "--stream", "orders:1");
  t.after(() => stop(server, "SIGTERM"));
  await command(["put", "orders", "first", "second"], server.port);
  const script = `"$0" tail orders --from oldest -f "{data}" | head -1; echo "exit \${PIPESTATUS[0]}"`;
  const endpoint = { MILLRACE_ENDPOINT: `http://127.0.0.1:${server.port}` };
  const printed = await run("bash", ["-c", script, millrace], { env: { ...env, ...endpoint } });
  assert.equal(printed, "first\nexit 0\n");
});

test("it makes its own certificate for TLS", { skip }, async (t) => {
  const server = await start("--engine", "memory");
  t.after(() => stop(server, "SIGTERM"));
  const status = await new Promise((resolve, reject) => {
    const url = `https://127.0.0.1:${server.port}/health`;
    get(url, { rejectUnauthorized: false }, (response) => resolve(response.resume().statusCode)).once("error", reject);
  });
  assert.equal(status, 200);
});

test("it speaks to NATS servers, and says so when there are none", { skip }, async () => {
  const args = ["serve", "--port", "0", "--engine", "jetstream", "--nats", "nats://127.0.0.1:1"];
  await assert.rejects(run(millrace, args, { cwd: home, env }), /NATS|nats:\/\/127\.0\.0\.1:1/);
});
