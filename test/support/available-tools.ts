/** Which clients this machine has. A test that misses one says so and is skipped; where CI is set it fails. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

export interface AwsCli {
  readonly command: string;
  readonly majorVersion: number;
}

export interface FoundPython {
  readonly python: string;
  /** Version of the module. */
  readonly version: string;
}

/** Debian puts its boto3 into the system's Python, which need not be the first on the path. */
const systemPython = "/usr/bin/python3";

/** Where scripts/get-client-tools.mjs puts boto 2, moto, and the newest boto3 and AWS CLI of PyPI; `npm test` runs it. */
const clientToolsBin = join(import.meta.dirname, "../../.cache/client-tools/bin");
const clientToolsPython = join(clientToolsBin, "python3");

/** The command of moto's server; undefined if it is not installed. */
export function motoServer(): string | undefined {
  const command = join(clientToolsBin, "moto_server");
  return spawnSync(clientToolsPython, ["-c", "import moto.server"]).status === 0 ? command : undefined;
}

/** The Python of .cache/client-tools if it has the module, else the one that has the module's highest version. */
export function newestPython(
  moduleName: "boto3" | "awscli",
): (FoundPython & { /** Whether PyPI has no newer one. */ readonly isNewest: boolean }) | undefined {
  const byVersion = new Intl.Collator("en", { numeric: true });
  const all = pythonsWith(moduleName);
  const own = all.find(({ python }) => python === clientToolsPython);
  if (own !== undefined) return { ...own, isNewest: isNew(own.python) };
  const best = all.toSorted((a, b) => byVersion.compare(a.version, b.version)).at(-1);
  return best === undefined ? undefined : { ...best, isNewest: false };
}

/** For an older Python, PyPI has versions only that learn no operations any more. */
function isNew(python: string): boolean {
  return spawnSync(python, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0;
}

/** Reports that the test could not run for want of `tool`. */
export function reportMissing(t: TestContext, tool: string): void {
  const sentence = `could not run: this machine has no ${tool}`;
  assert(!process.env["CI"], sentence);
  t.skip(sentence);
}

/** Every Python 3 that has the module, one for each version of the module; first those of .cache/client-tools. */
export function pythonsWith(moduleName: "boto" | "boto3" | "awscli"): readonly FoundPython[] {
  const found = new Map<string, string>();
  for (const python of [clientToolsPython, systemPython, ...onPath("python3")]) {
    const { status, stdout } = spawnSync(python, ["-c", `import ${moduleName}; print(${moduleName}.__version__)`]);
    const version = String(stdout).trim();
    if (status === 0 && !found.has(version)) found.set(version, python);
  }
  return [...found].map(([version, python]) => ({ python, version }));
}

/** The first AWS CLI of each major version; first that of .cache/client-tools, then those on the path. */
export function awsClis(): readonly AwsCli[] {
  const found = new Map<number, string>();
  for (const command of [join(clientToolsBin, "aws"), ...onPath("aws")]) {
    const { stdout, stderr } = spawnSync(command, ["--version"]);
    const majorVersion = Number(/aws-cli\/(\d+)\./.exec(`${stdout}${stderr}`)?.[1] ?? 0);
    if (majorVersion > 0 && !found.has(majorVersion)) found.set(majorVersion, command);
  }
  return [...found].map(([majorVersion, command]) => ({ command, majorVersion }));
}

function onPath(name: string): readonly string[] {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
