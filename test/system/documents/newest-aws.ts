import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { newestPython } from "../../support/available-tools.ts";
import type { Workplace } from "./workplace.ts";

/** The Python with the newest boto3 of PyPI; older ones know neither queues nor channels. */
export function newestBoto3(): string | undefined {
  const found = newestPython("boto3");
  return found?.isNewest === true ? found.python : undefined;
}

/** The AWS CLI of PyPI with the model of that boto3, as `aws configure add-model` gives it to a CLI. */
export function provideNewestAws(place: Workplace, python: string): void {
  const find = "import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), 'data', 'kinesis'))";
  const { stdout } = spawnSync(python, ["-c", find], { encoding: "utf8" });
  mkdirSync(place.path("models"));
  symlinkSync(stdout.trim(), place.path("models", "kinesis"));
  const aws = join(dirname(python), "aws");
  place.provideCommand("aws", `AWS_DATA_PATH='${place.path("models")}' exec '${python}' '${aws}' "$@"`);
}
