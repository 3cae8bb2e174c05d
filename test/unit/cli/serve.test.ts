import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";

const cli = join(import.meta.dirname, "../../../src/cli/cli.ts");

function millrace(t: TestContext, ...args: readonly string[]) {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_"));
  const child = spawn(process.execPath, [cli, ...args], {
    env: Object.fromEntries(environment),
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
  assert.match(unknown.stderr, /^millrace: unknown command "sreve"; try/);
});

test("millrace serve --help lists the flags and exits 0", async (t) => {
  const { exitCode, stdout } = await outcomeOf(millrace(t, "serve", "--help"));
  assert.equal(exitCode, 0);
  assert.match(stdout, /^ {2}--data-dir DIRECTORY {2}/m);
});

test("millrace serve lists every problem of its configuration and exits 2", async (t) => {
  const { exitCode, stdout, stderr } = await outcomeOf(
    millrace(t, "serve", "--port", "x", "--engine", "jetstream", "--colour"),
  );
  assert.deepEqual([exitCode, stdout], [2, ""]);
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    "millrace: --colour: unknown option",
    'millrace: --port: "x" is not a port number from 0 to 65535',
    'millrace: --engine: "jetstream" is not an engine of this version: embedded (durable, in a data directory) or memory (nothing is kept)',
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
    `millrace: port ${address.port} on 127.0.0.1 is already in use by another process (EADDRINUSE); stop it, or choose another port\n`,
  );
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
