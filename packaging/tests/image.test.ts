/** The image: its two architectures, its size, and its processes under chroot and, where podman runs, in containers. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { freePort } from "../../test/support/free-ports.ts";
import { buildImage, compressedBytes, containerConfig, layersOf, packagedFiles } from "../image/build-image.ts";
import { hasDebianTools } from "../support/debian-files.ts";
import { root, run, serve, stop, walk } from "../support/run.ts";
import { testedImage } from "../support/tested-image.ts";
import { goTool, type Podman, podman } from "../support/tools.ts";

const mebibyte = 1024 ** 2;
const compressedBytesMax = 70 * mebibyte;
const user = 65_532;
const readyMsMax = 60_000;
let home = "";
let layout = "";
let archive = "";
const isDebian = hasDebianTools();
const skip = isDebian ? false : "the image is built from Debian packages, with Debian's tools";

before(async () => {
  home = mkdtempSync(join(tmpdir(), "millrace-image-test-"));
  if (isDebian) ({ layout, archive } = await testedImage());
});

after(() => rmSync(home, { recursive: true, force: true }));

test("both architectures are at most 70 MiB compressed", { skip }, () => {
  for (const architecture of ["amd64", "arm64"] as const) {
    const bytes = compressedBytes(layout, architecture);
    assert(bytes <= compressedBytesMax, `${architecture}: ${(bytes / mebibyte).toFixed(1)} MiB`);
  }
});

test("the same tree builds the same bytes", { skip }, async () => {
  const again = join(home, "again");
  await buildImage(again, ["amd64"]);
  // The name of a blob is the digest of its bytes.
  const namesIn = (folder: string) => layersOf(folder, "amd64").map((layer) => basename(layer));
  assert.deepEqual(namesIn(again), namesIn(layout));
  rmSync(again, { recursive: true });
});

test("crane pushes the image to a registry and finds both architectures valid there", { skip }, async (t) => {
  const crane = await goTool("crane");
  const port = await freePort();
  const registry = spawn(crane, ["registry", "serve", "--address", `127.0.0.1:${port}`], { stdio: "ignore" });
  t.after(() => registry.kill());
  await answering(`http://127.0.0.1:${port}/v2/`);
  const reference = `127.0.0.1:${port}/millrace:test`;
  await run(crane, ["push", layout, reference]);
  const { manifests } = JSON.parse(await run(crane, ["manifest", reference]));
  assert.deepEqual(
    manifests.map(({ platform }: { platform: object }) => platform),
    [
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ],
  );
  for (const platform of ["linux/amd64", "linux/arm64"])
    await run(crane, ["validate", "--remote", reference, "--platform", platform]);
});

const isRoot = process.getuid?.() === 0 && process.platform === "linux" && process.arch === "x64";
const skipChroot = skip || (isRoot ? false : "chroot needs root, and the binary Linux on x64");

test("its root file system serves under chroot, read-only and as a user without rights", {
  skip: skipChroot,
}, async (t) => {
  const rootFs = join(home, "root");
  await unpack(rootFs);
  // Read-only but for the volume, as with `docker run --read-only`.
  await run("mount", ["--bind", rootFs, rootFs]);
  t.after(() => run("umount", ["--recursive", rootFs]));
  const data = join(home, "volume");
  mkdirSync(data);
  await run("chown", [`${user}:${user}`, data]);
  await run("mount", ["-o", "remount,bind,ro", rootFs]);
  await run("mount", ["--bind", data, join(rootFs, "var/lib/millrace")]);
  const enter = (...command: readonly string[]): [string, string[]] => [
    "/usr/sbin/chroot",
    [`--userspec=${user}:${user}`, rootFs, ...command],
  ];
  await assert.rejects(run(...enter("/usr/local/bin/node", "-e", "fs.writeFileSync('/opt/x', '')")), /EROFS/);
  const { Entrypoint, Cmd, Env, WorkingDir } = containerConfig();
  // chroot begins in the folder /, a container in WorkingDir.
  const begin = `process.chdir("${WorkingDir}"); process.execve(process.argv[1], process.argv.slice(1), process.env)`;
  const command = enter("/usr/local/bin/node", "-e", begin, ...Entrypoint, ...Cmd, "--port", "0");
  const env = Object.fromEntries(Env.map((each) => each.split("=") as [string, string]));
  const first = await serve(...command, { env });
  await walk("put", `http://127.0.0.1:${first.port}`);
  assert.equal((await fetch(`http://127.0.0.1:${first.port}/console/`)).status, 200);
  await stop(first, "SIGKILL");
  const second = await serve(...command, { env });
  assert.equal(await walk("read", `http://127.0.0.1:${second.port}`), "2000 records in order\n");
  assert.deepEqual(await stop(second, "SIGTERM"), [0, null]);
  assert.deepEqual(
    readdirSync(data).filter((name) => !name.startsWith("millrace-data")),
    [],
  );
});

test("as the first process of a container it ends with exit code 0 at a SIGTERM while it loads its code", {
  skip: skipChroot,
}, async (t) => {
  const rootFs = join(home, "first-process");
  await unpack(rootFs);
  const { Entrypoint } = containerConfig();
  const command = [
    "/usr/sbin/chroot",
    `--userspec=${user}:${user}`,
    rootFs,
    ...Entrypoint,
    "serve",
    "--engine",
    "memory",
    "--port",
    "0",
  ];
  // The kernel drops a signal for the first process until this one listens for it.
  const told =
    'process.on("newListener", (name) => name === "SIGTERM" && queueMicrotask(() => process._rawDebug("listens")))';
  const child = spawn("unshare", ["--pid", "--fork", "--kill-child", ...command], {
    env: { PATH: process.env["PATH"], NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(told)}` },
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (line === "listens") process.kill(Number(childOf(child.pid ?? 0)), "SIGTERM");
  }
  assert.deepEqual(await ended, [0, null], lines.join("\n"));
  assert.equal(lines[0], "listens");
});

function childOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}

const engine = isDebian ? await podman() : { missing: skip };
const skipPodman = "missing" in engine ? engine.missing : false;

async function loaded({ run: runPodman }: Podman): Promise<string> {
  const printed = await runPodman("load", "--quiet", "--input", archive);
  return printed.trim().split(" ").at(-1) ?? "";
}

test("a container of it becomes healthy, keeps its records on a volume and obeys a memory limit", {
  skip: skipPodman,
}, async (t) => {
  assert(!("missing" in engine));
  const image = await loaded(engine);
  const { run: runPodman } = engine;
  const volume = `millrace-test-${process.pid}`;
  const names: string[] = [];
  t.after(async () => {
    for (const name of names) await runPodman("rm", "--force", name);
    await runPodman("volume", "rm", "--force", volume);
  });
  const start = async (
    ...options: readonly string[]
  ): Promise<{ readonly name: string; readonly endpoint: string }> => {
    const name = `millrace-test-${process.pid}-${names.length}`;
    names.push(name);
    const fixed = ["--detach", "--name", name, "--read-only", "--cap-drop=all", "--publish", "127.0.0.1::4567"];
    await runPodman("run", ...fixed, ...options);
    const address = (await runPodman("port", name, "4567")).trim();
    await answering(`http://${address}/health`);
    return { name, endpoint: `http://${address}` };
  };
  const mount = ["--volume", `${volume}:/var/lib/millrace`];
  const first = await start(...mount, image);
  assert.equal((await runPodman("inspect", "--format", "{{.Config.User}}", first.name)).trim(), `${user}:${user}`);
  // podman reads the check of images in Docker's format alone; Docker that of both.
  const [, ...check] = (containerConfig().Healthcheck as { readonly Test: readonly string[] }).Test;
  await runPodman("exec", first.name, ...check);
  await walk("put", first.endpoint);
  await runPodman("kill", "--signal", "KILL", first.name);
  await runPodman("rm", first.name);
  const second = await start(...mount, image);
  assert.equal(await walk("read", second.endpoint), "2000 records in order\n");
  await runPodman("stop", "--time", "20", second.name);
  assert.equal((await runPodman("inspect", "--format", "{{.State.ExitCode}}", second.name)).trim(), "0");

  // 400 MiB of records in 256 MiB: the memory engine throttles before the kernel ends it.
  const small = await start(
    "--memory",
    "256m",
    "--memory-swap",
    "256m",
    image,
    "serve",
    "--engine",
    "memory",
    "--stream",
    "full:1",
  );
  const throttled = await fill(small.endpoint, 400 * mebibyte);
  assert(throttled > 0, "nothing was throttled");
  assert.equal((await fetch(`${small.endpoint}/health`)).status, 200);
  assert.equal(
    (await runPodman("inspect", "--format", "{{.State.OOMKilled}} {{.State.Running}}", small.name)).trim(),
    "false true",
  );

  const streams = ["--env", "INITIALIZE_STREAMS=orders:2,bills::eu-west-1"];
  const swapped = await start(...streams, "--publish", "127.0.0.1::4568", image, "serve", "--also-port", "4568");
  const plain = (await runPodman("port", swapped.name, "4568")).trim();
  assert.match(await listStreams(`http://${plain}`), /"orders"/);
});

/** Puts incompressible records of 1 MiB until `bytes` are sent; resolves with how many were throttled. */
async function fill(endpoint: string, bytes: number): Promise<number> {
  const data = Buffer.alloc(mebibyte - 256, "x").toString("base64");
  let throttled = 0;
  for (let sent = 0; sent < bytes; sent += mebibyte) {
    const body = JSON.stringify({ StreamName: "full", PartitionKey: String(sent), Data: data });
    const answer = await call(endpoint, "PutRecord", body);
    if (answer.includes("ThroughputExceeded")) throttled++;
  }
  return throttled;
}

function listStreams(endpoint: string): Promise<string> {
  return call(endpoint, "ListStreams", "{}");
}

async function call(endpoint: string, operation: string, body: string): Promise<string> {
  const headers = { "x-amz-target": `Kinesis_20131202.${operation}`, "content-type": "application/x-amz-json-1.1" };
  const answer = await fetch(endpoint, { method: "POST", headers, body });
  return answer.text();
}

/** The layers of amd64, one upon the other. */
async function unpack(target: string): Promise<void> {
  mkdirSync(target);
  for (const layer of layersOf(layout, "amd64")) {
    await run("tar", ["--extract", "--gzip", "--file", layer, "--directory", target]);
  }
}

async function answering(url: string): Promise<void> {
  const signal = AbortSignal.timeout(readyMsMax);
  for (;;) {
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("the Dockerfile sets what the built image has", () => {
  const dockerfile = readFileSync(join(root, "deploy/docker/Dockerfile"), "utf8");
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  const { User, Env, Entrypoint, Cmd, ExposedPorts, Volumes, WorkingDir, StopSignal, Healthcheck } = containerConfig();
  const { Test } = Healthcheck as { readonly Test: readonly [string, ...string[]] };
  const lines = [
    `USER ${User}`,
    ...Env.map((each) => `ENV ${each}`),
    `ENTRYPOINT ${JSON.stringify(Entrypoint)}`,
    `CMD ${JSON.stringify(Cmd)}`,
    `EXPOSE ${Object.keys(ExposedPorts).join(" ")}`,
    `VOLUME ${Object.keys(Volumes).join(" ")}`,
    `WORKDIR ${WorkingDir}`,
    `STOPSIGNAL ${StopSignal}`,
  ];
  for (const line of lines) assert(last.includes(`\n${line}\n`), line);
  assert(dockerfile.includes(`cp -R ${packagedFiles.join(" ")} /build/node_modules /root-fs/opt/millrace/`));
  const [, ...health] = Test;
  assert(last.includes(`CMD [${health.map((word) => JSON.stringify(word)).join(", ")}]`), last);
});
