/** The newest boto3 in a Python environment of its own: its event stream, which comes over HTTP/1.1. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, type Library, python } from "./library.ts";
import { cacheOf, sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const cwd = sourcesOf("boto3");
const wanted = join(cwd, "requirements.txt");
const venv = cacheOf("boto3");
const installed = join(venv, "requirements.txt");
const venvPython = join(venv, "bin", "python");
const installMsMax = 300_000;
const walkMsMax = 120_000;

export const boto3: Library = {
  name: "boto3's event stream",
  tools: [python],
  async prepare() {
    if (existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(wanted, "utf8")) return;
    await runProgram(["python3", "-m", "venv", "--clear", venv], { cwd, timeMsMax: installMsMax });
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted];
    await runProgram([venvPython, ...install], { cwd, timeMsMax: installMsMax });
    copyFileSync(wanted, installed);
  },
  run: (env: Environment) =>
    runProgram([venvPython, "-B", "walk.py"], {
      cwd,
      timeMsMax: walkMsMax,
      env: { ...env, AWS_DEFAULT_REGION: env["AWS_REGION"] ?? "" },
    }),
};
