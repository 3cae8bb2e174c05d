/** Which clients this machine has. A missing one is said plainly, and is a failure where CI promises to have them all. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import type { AwsCli } from "./aws-cli-driver.ts";

export interface FoundPython {
  readonly python: string;
  /** Of the module. */
  readonly version: string;
}

/** Debian puts boto 2 and an older boto3 into the system's Python, which need not be the first on the path. */
const systemPython = "/usr/bin/python3";

/** Where scripts/get-client-tools.sh puts the newest boto3 and AWS CLI of PyPI. */
const newestEnvironment = join(import.meta.dirname, "../../.cache/newest-clients");

/** The Python whose boto3 or AWS CLI is the newest on this machine: PyPI's newest, unless it could not be reached. */
export function newestPython(
  moduleName: "boto3" | "awscli",
): (FoundPython & { readonly isOfPypi: boolean }) | undefined {
  const [newest] = pythonsWith(moduleName, [join(newestEnvironment, "bin/python3")]);
  if (newest !== undefined) return { ...newest, isOfPypi: true };
  const byVersion = new Intl.Collator("en", { numeric: true });
  const best = pythonsWith(moduleName)
    .toSorted((a, b) => byVersion.compare(a.version, b.version))
    .at(-1);
  return best === undefined ? undefined : { ...best, isOfPypi: false };
}

/** Reports that the test could not run for want of `tool`. */
export function reportMissing(t: TestContext, tool: string): void {
  const sentence = `could not run: this machine has no ${tool}`;
  assert(!process.env["CI"], sentence);
  t.skip(sentence);
}

/** Every Python 3 of the machine's own that has the module, one for each version of the module. */
export function pythonsWith(
  moduleName: "boto" | "boto3" | "awscli",
  pythons: readonly string[] = [systemPython, ...onPath("python3")],
): readonly FoundPython[] {
  const found = new Map<string, string>();
  for (const python of pythons) {
    const { status, stdout } = spawnSync(python, ["-c", `import ${moduleName}; print(${moduleName}.__version__)`]);
    const version = String(stdout).trim();
    if (status === 0 && !found.has(version)) found.set(version, python);
  }
  return [...found].map(([version, python]) => ({ python, version }));
}

/** The first AWS CLI of each major version on the path. */
export function awsClis(): readonly AwsCli[] {
  const found = new Map<number, string>();
  for (const command of onPath("aws")) {
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
