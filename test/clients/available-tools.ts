/** Which clients this machine has. A missing one is said plainly, and is a failure where CI promises to have them all. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import type { AwsCli } from "./aws-cli-driver.ts";

/** Debian puts boto 2 and an older boto3 into the system's Python, which need not be the first on the path. */
const systemPython = "/usr/bin/python3";

/** Reports that the test could not run for want of `tool`. */
export function reportMissing(t: TestContext, tool: string): void {
  const sentence = `could not run: this machine has no ${tool}`;
  assert(!process.env["CI"], sentence);
  t.skip(sentence);
}

/** Every Python 3 that has the module, one for each version of the module. */
export function pythonsWith(
  moduleName: "boto" | "boto3",
): readonly { readonly python: string; readonly version: string }[] {
  const found = new Map<string, string>();
  for (const python of [systemPython, ...onPath("python3")]) {
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
