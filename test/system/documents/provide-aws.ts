import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type AwsCli, awsClis } from "../../support/available-tools.ts";
import type { Workplace } from "./workplace.ts";

/** The first version of each major one that reads AWS_ENDPOINT_URL; older ones get `--endpoint-url`, as README.md says. */
const minorWithEndpointUrl: ReadonlyMap<number, number> = new Map([
  [1, 29],
  [2, 13],
]);

/** Makes the snippets' `aws` this one, or the machine's first. */
export function provideAws(place: Workplace, cli: AwsCli | undefined = awsClis()[0]): void {
  assert(cli !== undefined);
  const { command, majorVersion } = cli;
  const { stdout, stderr } = spawnSync(command, ["--version"], { encoding: "utf8" });
  const minor = Number(/aws-cli\/\d+\.(\d+)\./.exec(`${stdout}${stderr}`)?.[1]);
  const isOld = minor < (minorWithEndpointUrl.get(majorVersion) ?? 0);
  const endpoint = isOld ? '--endpoint-url "$AWS_ENDPOINT_URL"' : "";
  place.provideCommand("aws", `exec '${command}' ${endpoint} "$@"`);
}
