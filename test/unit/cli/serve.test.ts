import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { publishedManifest, repositoryManifest } from "../../../scripts/make-package.ts";
import { startMillrace } from "../../../src/app/in-process-server.ts";

const cli = join(import.meta.dirname, "../../../src/cli/cli.ts");

function millrace(t: TestContext, ...args: readonly string[]) {
  return millraceIn(t, {}, ...args);
}

function millraceIn(t: TestContext, added: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_"));
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...Object.fromEntries(environment), ...added },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

async function outcomeOf(child: ChildProcess) {
  assert.ok(child.stdout !== null && child.stderr !== null);
  const [[exitCode], stdout, stderr] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}

async function readyLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout !== null);
  child.stderr?.resume();
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error("the server ended before it was ready");
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-serve-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("millrace without a command, or with an unknown one, says what to try and exits 2", async (t) => {
  const [none, unknown] = await Promise.all([outcomeOf(millrace(t)), outcomeOf(millrace(t, "sreve"))]);
  assert.deepEqual([none.exitCode, unknown.exitCode], [2, 2]);
  assert.match(none.stderr, /^millrace: no command given; try "millrace serve" or "millrace --help"\n$/);
  assert.match(
    unknown.stderr,
    /^millrace: unknown command 'sreve'\n\(Did you mean serve\?\)\n\(millrace --help shows how to use it\.\)\n$/,
  );
});

test("millrace serve --help lists the flags and exits 0", async (t) => {
  const { exitCode, stdout } = await outcomeOf(millrace(t, "serve", "--help"));
  assert.equal(exitCode, 0);
  assert.match(stdout, /^ {2}--data-dir DIRECTORY {2}/m);
});

test("millrace serve lists every problem of its configuration and exits 2", async (t) => {
  const { exitCode, stdout, stderr } = await outcomeOf(
    millrace(t, "serve", "--port", "x", "--engine", "postgres", "--colour"),
  );
  assert.deepEqual([exitCode, stdout], [2, ""]);
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    "millrace: --colour: unknown option",
    'millrace: --port: "x" is not a port number from 0 to 65535',
    'millrace: --engine: "postgres" is not an engine of this version: embedded (durable, in a data directory), memory (nothing is kept) or jetstream (on NATS servers, a preview)',
  ]);
});

test("millrace serve says in one sentence that the port is taken and exits 2", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.after(() => holder.close());
  const address = holder.address();
  assert.ok(address !== null && typeof address === "object");
  const { exitCode, stderr } = await outcomeOf(
    millrace(t, "serve", "--engine", "memory", "--port", String(address.port), "--log-level", "silent"),
  );
  assert.equal(exitCode, 2);
  assert.equal(
    stderr,
    `millrace: port ${address.port} on 127.0.0.1 is already in use by another process (EADDRINUSE); stop it (lsof -i :${address.port} names it), or choose another port with --port\n`,
  );
});

test("startMillrace names its options, not flags, when the port is taken", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  await assert.rejects(startMillrace({ port, host: "127.0.0.1" }), /or choose another port with the option port$/);
});

test("a start that fails at a taken port leaves no new directory", async (t) => {
  const folder = await temporaryFolder(t);
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.after(() => holder.close());
  const address = holder.address();
  assert.ok(address !== null && typeof address === "object");
  const args = ["serve", "--data-dir", join(folder, "new", "data"), "--port", String(address.port)];
  const { exitCode, stderr } = await outcomeOf(millrace(t, ...args));
  assert.equal(exitCode, 2);
  assert.match(stderr, /already in use/);
  assert.deepEqual(await readdir(folder), []);
});

test("a start that fails without its keys leaves no new directory", async (t) => {
  const folder = await temporaryFolder(t);
  const keyring = join(folder, "keyring");
  await writeFile(keyring, "none", { mode: 0o600 });
  const args = ["serve", "--port", "0", "--data-dir", join(folder, "new", "data"), "--encrypt-at-rest"];
  const { exitCode, stderr } = await outcomeOf(millrace(t, ...args, "--keyring", keyring));
  assert.equal(exitCode, 2, stderr);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith("keyring")),
    [],
  );
});

test("a data directory where the file system makes none is refused at once", async (t) => {
  const { exitCode, stderr } = await outcomeOf(
    millrace(t, "serve", "--port", "0", "--data-dir", "/proc/millrace/data"),
  );
  assert.equal(exitCode, 2);
  assert.match(stderr, /^millrace: The data directory \/proc\/millrace\/data .+\n$/);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} stops a server that does not get ready, because its key service does not respond`, async (t) => {
    const service = createServer().listen(0, "127.0.0.1");
    await once(service, "listening");
    t.after(() => service.close());
    const address = service.address();
    assert.ok(address !== null && typeof address === "object");
    const called = once(service, "connection");
    const server = millraceIn(
      t,
      { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
      ...["serve", "--port", "0", "--data-dir", join(await temporaryFolder(t), "data"), "--encrypt-at-rest"],
      ...["--key-provider", "kms", "--kms-endpoint", `http://127.0.0.1:${address.port}`],
    );
    const outcome = outcomeOf(server);
    const [socket] = await called;
    t.after(() => socket.destroy());
    server.kill(signal);
    const { exitCode, stdout, stderr } = await outcome;
    assert.deepEqual([exitCode, stdout], [0, ""]);
    assert.match(stderr, /millrace: stopped by a signal before the server was ready/);
  });
}

test("an old Node gets one sentence, before any code that it cannot parse", async (t) => {
  const old =
    "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const { exitCode, stdout, stderr } = await outcomeOf(millraceIn(t, { NODE_OPTIONS: `--import ${old}` }, "--version"));
  assert.deepEqual([exitCode, stdout], [2, ""]);
  assert.match(stderr, /^millrace: this is Node 20\.20\.2, and Millrace needs Node \d+ or newer;.+\n$/);
  const needed = /needs Node (\d+)/.exec(stderr)?.[1];
  const manifest = publishedManifest(repositoryManifest(join(import.meta.dirname, "../../..")));
  assert.deepEqual(Object.getOwnPropertyDescriptor(manifest, "engines")?.value, { node: `>=${needed}` });
  // Node reads these before the first line is run.
  const imported = /^import .* from "(.+)";$/gm;
  const [, only = "", ...others] = [...(await readFile(cli, "utf8")).matchAll(imported)].flat();
  assert.deepEqual([only, others], ["../config/node-requirement.ts", []]);
  assert.doesNotMatch(await readFile(join(dirname(cli), only), "utf8"), imported);
});

test("variables that are no settings, and flags without effect, are in the log", async (t) => {
  const args = ["serve", "--port", "0", "--engine", "memory", "--data-dir", "unused"];
  const server = millraceIn(t, { MILLRACE_DATADIR: "/data" }, ...args);
  const outcome = outcomeOf(server);
  assert.ok(server.stdout !== null);
  await once(server.stdout, "data");
  server.kill("SIGTERM");
  const { stderr } = await outcome;
  assert.match(stderr, /MILLRACE_DATADIR: there is no such setting/);
  assert.match(stderr, /--data-dir: has no effect with the memory engine/);
});

test("a credentials file and a keyring that are missing are said to be missing", async (t) => {
  const folder = await temporaryFolder(t);
  const refused = await outcomeOf(millrace(t, "serve", "--port", "0", "--credentials", join(folder, "gone.json")));
  assert.deepEqual([refused.exitCode, refused.stdout], [2, ""]);
  assert.match(refused.stderr, /^millrace: --credentials: .*gone\.json does not exist\n$/);
  const keyring = join(folder, "gone.keyring");
  const server = millrace(t, "serve", "--port", "0", "--engine", "memory", "--keyring", keyring);
  const outcome = outcomeOf(server);
  assert.ok(server.stdout !== null);
  await once(server.stdout, "data");
  server.kill("SIGTERM");
  assert.match((await outcome).stderr, /keyring does not exist.*gone\.keyring/);
});

test("a restore that fails leaves nothing", async (t) => {
  const folder = await temporaryFolder(t);
  const backup = join(folder, "backup");
  const first = millrace(t, "serve", "--port", "0", "--data-dir", join(folder, "data"), "--stream", "orders:1");
  await readyLine(first);
  first.kill("SIGTERM");
  await once(first, "exit");
  const made = await outcomeOf(millrace(t, "backup", backup, "--data-dir", join(folder, "data")));
  assert.equal(made.exitCode, 0, made.stderr);
  const [wal = ""] = (await readdir(join(backup, "wal"))).filter((name) => !name.endsWith(".tmp"));
  const bytes = await readFile(join(backup, "wal", wal));
  bytes.fill(0xff, 0, Math.min(bytes.length, 16_384));
  await writeFile(join(backup, "wal", wal), bytes);
  const { exitCode } = await outcomeOf(millrace(t, "restore", backup, "--data-dir", join(folder, "new", "data")));
  assert.equal(exitCode, 1);
  assert.deepEqual((await readdir(folder)).sort(), ["backup", "data"]);
});

test("millrace serve says in one sentence that the data directory is a file and exits 2", async (t) => {
  const file = join(await temporaryFolder(t), "file");
  await writeFile(file, "");
  const { exitCode, stderr } = await outcomeOf(
    millrace(t, "serve", "--port", "0", "--data-dir", file, "--log-level", "silent"),
  );
  assert.equal(exitCode, 2);
  assert.match(stderr, /^millrace: .+\n$/);
});

test("millrace serve says in one sentence that another process has the data directory and exits 2", async (t) => {
  const folder = join(await temporaryFolder(t), "data");
  const first = millrace(t, "serve", "--port", "0", "--data-dir", folder);
  assert.match(await readyLine(first), /^millrace ready on http:\/\/127\.0\.0\.1:\d+ \(engine embedded, data in /);
  const { exitCode, stderr } = await outcomeOf(
    millrace(t, "serve", "--port", "0", "--data-dir", folder, "--log-level", "silent"),
  );
  assert.equal(exitCode, 2);
  assert.match(stderr, /^millrace: .+\n$/);
  first.kill("SIGTERM");
  assert.deepEqual(await once(first, "exit"), [0, null]);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`millrace serve drains and exits 0 at ${signal}, also when it comes twice`, async (t) => {
    const server = millrace(t, "serve", "--port", "0", "--engine", "memory");
    await readyLine(server);
    server.kill(signal);
    server.kill(signal);
    assert.deepEqual(await once(server, "exit"), [0, null]);
  });
}

test("millrace serve continues when its output is no longer read", async (t) => {
  const server = millrace(t, "serve", "--port", "0", "--engine", "memory", "--log-level", "silent");
  const endpoint = /http:\S+/.exec(await readyLine(server))?.[0];
  server.stdout?.destroy();
  server.stderr?.destroy();
  const health = await fetch(`${endpoint}/health`);
  assert.equal(health.status, 200);
  await health.text();
  server.kill("SIGTERM");
  assert.deepEqual(await once(server, "exit"), [0, null]);
});
