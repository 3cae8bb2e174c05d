/** The Testcontainers modules of four languages, against the image in podman, which speaks Docker's API. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { hasDebianTools } from "../support/debian-files.ts";
import { cache, root, run } from "../support/run.ts";
import { testedImage } from "../support/tested-image.ts";
import { npmTools, packagingPython, podman } from "../support/tools.ts";

const modules = join(root, "deploy/testcontainers");
const image = "registry.example/millrace:0.1.0";
const socketMsMax = 30_000;
const engine = hasDebianTools() ? await podman() : { missing: "the image is built with Debian's tools" };
const skip = "missing" in engine ? engine.missing : false;
let home = "";
let env: NodeJS.ProcessEnv = {};
let service: ChildProcess | undefined;

before(async () => {
  if ("missing" in engine) return;
  home = mkdtempSync(join(tmpdir(), "millrace-testcontainers-"));
  const { archive } = await testedImage();
  const loaded = (await engine.run("load", "--quiet", "--input", archive)).trim().split(" ").at(-1) ?? "";
  await engine.run("tag", loaded, image);
  const socket = join(home, "docker.sock");
  const [file, ...options] = engine.command;
  service = spawn(file, [...options, "system", "service", "--time=0", `unix://${socket}`], {
    env: engine.env,
    stdio: "ignore",
  });
  const signal = AbortSignal.timeout(socketMsMax);
  while (!existsSync(socket)) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Its own container of helpers, which removes what a killed test leaves, would have to be pulled.
  env = {
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
    TESTCONTAINERS_RYUK_DISABLED: "true",
    // On a machine that is a container itself, the library would look for the ports on its gateway.
    TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1",
    TESTCONTAINERS_CONNECTION_MODE: "docker_host",
  };
});

after(async () => {
  service?.kill();
  if (!("missing" in engine)) await engine.run("rm", "--all", "--force");
  rmSync(home, { recursive: true, force: true });
});

test("Node: the container has its streams and tells its endpoint", { skip }, async () => {
  const program = `
import { MillraceContainer } from "./millrace/index.js";
const container = await new MillraceContainer().withStreams("orders:2").start();
const headers = { "x-amz-target": "Kinesis_20131202.ListStreams", "content-type": "application/x-amz-json-1.1" };
const answer = await fetch(container.endpoint, { method: "POST", headers, body: "{}" });
console.log((await answer.json()).StreamNames.join());
await container.stop();
`;
  const project = join(home, "node");
  mkdirSync(project);
  // A copy, because a module looks for its dependencies beside the target of a link.
  cpSync(join(modules, "node"), join(project, "millrace"), { recursive: true });
  symlinkSync(await npmTools(), join(project, "node_modules"));
  writeFileSync(join(project, "program.mjs"), program);
  assert.equal(await run(process.execPath, ["program.mjs"], { cwd: project, env }), "orders\n");
});

test("Python: the container has its streams and tells boto3 its endpoint", { skip }, async () => {
  const program = `
import boto3
from millrace_testcontainers import MillraceContainer

with MillraceContainer().with_streams("orders:2") as millrace:
    print(boto3.client("kinesis", **millrace.client_options()).list_streams()["StreamNames"])
`;
  const options = { env: { ...env, PYTHONPATH: join(modules, "python"), PYTHONDONTWRITEBYTECODE: "1" } };
  assert.equal(await run(await packagingPython(), ["-c", program], options), "['orders']\n");
});

test("Go: the module's own test passes", { skip }, async () => {
  const said = await run("go", ["test", "-count=1", "./..."], { cwd: join(modules, "go"), env });
  assert.match(said, /^ok/m);
});

test("Java: the container has its streams and tells its endpoint", { skip }, async () => {
  const program = `
import example.millrace.testcontainers.MillraceContainer;
import java.net.http.*;

public class Program {
  public static void main(String[] args) throws Exception {
    try (var container = new MillraceContainer().withStreams("orders:2")) {
      container.start();
      var request = HttpRequest.newBuilder(container.getEndpoint())
          .header("x-amz-target", "Kinesis_20131202.ListStreams")
          .header("content-type", "application/x-amz-json-1.1")
          .POST(HttpRequest.BodyPublishers.ofString("{}"))
          .build();
      System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
  }
}
`;
  const target = join(cache, "testcontainers-java");
  const classpathFile = join(target, "classpath");
  const maven = ["--batch-mode", "--quiet", `-Dbuild.folder=${target}`, `-Dmdep.outputFile=${classpathFile}`];
  const goals = ["compile", "dependency:build-classpath"];
  await run("mvn", [...maven, ...goals], { cwd: join(modules, "java") });
  const classpath = `${join(target, "classes")}:${(await run("cat", [classpathFile])).trim()}`;
  writeFileSync(join(home, "Program.java"), program);
  const said = await run("java", ["-cp", classpath, join(home, "Program.java")], { env });
  assert.match(said, /"StreamNames":\["orders"\]/);
});
