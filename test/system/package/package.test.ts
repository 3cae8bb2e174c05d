import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { threadPoolSize } from "../../../src/cli/runtime-flags.ts";

// The package as a user gets it: packed, then installed into an empty project somewhere else.
const root = join(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);
// The Node that runs this test also runs the package.
const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
let home = "";
let packed = "";
let project = "";

before(async () => {
  home = await mkdtemp(join(tmpdir(), "millrace-package-"));
  packed = join(home, "packed");
  project = join(home, "project");
  const { stdout } = await run(process.execPath, [join(root, "scripts", "make-package.ts"), packed]);
  await run("mkdir", [project]);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  await npm(project, "install", "--prefer-offline", "--no-audit", "--no-fund", stdout.trim());
});

after(() => rm(home, { recursive: true, force: true }));

test("the package holds compiled code, types, the console, documents and licence, and no sources", async () => {
  const files = (await readdir(join(project, "node_modules", "millrace"))).sort();
  const documents = files.filter((file) => file.endsWith(".md"));
  const others = files.filter((file) => !file.endsWith(".md"));
  assert.deepEqual(others, ["LICENSE", "conformance", "console", "dist", "docs", "package.json"]);
  assert(documents.includes("README.md") && documents.includes("SECURITY.md"), documents.join());
  const compiled = await readdir(join(project, "node_modules", "millrace", "dist"), { recursive: true });
  assert.ok(compiled.every((file) => !/(?<!\.d)\.ts$/.test(file)));
});

test("each link of the installed documents leads to a file of the package", async () => {
  const installed = join(project, "node_modules", "millrace");
  const documents = (await readdir(installed, { recursive: true })).filter((file) => file.endsWith(".md"));
  const broken: string[] = [];
  for (const document of documents) {
    const text = (await readFile(join(installed, document), "utf8")).replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\((?![a-z]+:|#)([^)\s#]+)/g)) {
      const isThere = await access(join(installed, document, "..", target)).then(
        () => true,
        () => false,
      );
      if (!isThere) broken.push(`${document}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test("the installed package brings its run-time dependencies only", async () => {
  const manifest = JSON.parse(await readFile(join(project, "node_modules", "millrace", "package.json"), "utf8"));
  for (const dependency of Object.keys(manifest.dependencies)) await access(join(project, "node_modules", dependency));
  await assert.rejects(access(join(project, "node_modules", "typescript")));
});

test("millrace serve of the installed package becomes ready with its runtime flags, and drains at SIGTERM", async () => {
  const server = start(["serve", "--port", "0", "--data-dir", join(home, "data"), "--stream", "orders:2"]);
  const line = await firstLine(server);
  const endpoint = /^millrace ready on (http:\/\/127\.0\.0\.1:\d+) \(engine embedded, data in .+\)$/.exec(line)?.[1];
  assert.ok(endpoint !== undefined, line);
  const health = await fetch(`${endpoint}/health`);
  assert.equal(health.status, 200);
  await health.text();
  const page = await fetch(`${endpoint}/console/`);
  assert.match(await page.text(), /<script type="module" src="main-\w+\.js">/);
  // Only Linux tells the names of a process's threads.
  if (process.platform === "linux") assert.equal(await countPoolThreads(server.pid), threadPoolSize);
  server.kill("SIGTERM");
  assert.deepEqual(await once(server, "exit"), [0, null]);
});

test("millrace --version of the installed package prints its version", async () => {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  assert.equal(await firstLine(start(["--version"])), version);
});

test("fear: import of the package on an old Node is a SyntaxError of a file that the user does not know", async () => {
  const old =
    "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const importing = run(process.execPath, ["--import", old, "--input-type=module", "--eval", 'import "millrace";'], {
    cwd: project,
  });
  await assert.rejects(importing, /StartError: this is Node 20\.20\.2, and Millrace needs Node 24 or newer;/);
  const dist = join(project, "node_modules", "millrace", "dist");
  const imported = /^(?:import|export) .* from "(.+)";$/gm;
  const paths = [...(await readFile(join(dist, "app", "package-entry.js"), "utf8")).matchAll(imported)];
  assert.equal(paths.length, 2);
  for (const [, file = ""] of paths) {
    assert.doesNotMatch(await readFile(join(dist, "app", file), "utf8"), imported);
  }
});

test("startMillrace() of the installed package serves in-process, and its types are sound", async () => {
  const program = `import { startMillrace } from "millrace";
const server = await startMillrace({ stream: "orders:2" });
const { status } = await fetch(\`\${server.endpoint}/health\`);
await server.close();
console.log(status);
`;
  await writeFile(join(project, "program.ts"), program);
  const { stdout } = await run(process.execPath, ["program.ts"], { cwd: project });
  assert.equal(stdout, "200\n");

  const types = join(root, "node_modules", "@types");
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "esnext", "--skipLibCheck", "false"];
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [compiler, ...options, "--typeRoots", types, "--types", "node", "program.ts"], {
    cwd: project,
  });
});

function npm(directory: string, ...args: readonly string[]): Promise<{ readonly stdout: string }> {
  // What npm told its script about itself would otherwise be taken as orders for this project.
  const environment = Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(cache|registry))/i.test(name));
  return run("npm", args, { cwd: directory, env: { ...Object.fromEntries(environment), PATH: path } });
}

function start(args: readonly string[]): ChildProcess {
  const command = join(project, "node_modules", ".bin", "millrace");
  const { UV_THREADPOOL_SIZE: _, ...environment } = process.env;
  return spawn(command, args, {
    cwd: project,
    env: { ...environment, PATH: path },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function countPoolThreads(pid: number | undefined): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const names = await Promise.all((await readdir(tasks)).map((id) => readFile(`${tasks}/${id}/comm`, "utf8")));
  return names.filter((name) => name.startsWith("libuv-worker")).length;
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout !== null);
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error("the program ended without a word");
}
