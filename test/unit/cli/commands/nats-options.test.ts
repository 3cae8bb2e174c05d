import assert from "node:assert/strict";
import { test } from "node:test";
import { checkClusterCommand } from "../../../../src/cli/commands/check-cluster.ts";
import { copyCommand } from "../../../../src/cli/commands/copy.ts";
import { readFlagOptions } from "../../../../src/cli/commands/nats-options.ts";

const key = { flags: ["key-provider"], settings: { "data-dir": "/data" } } as const;

test("a wrong setting is named as it was given: by its variable, or by its flag, which comes first", () => {
  const environment = { MILLRACE_KEY_PROVIDER: "gpg" };
  assert.throws(() => readFlagOptions({}, environment, key), /^CommandError: .*MILLRACE_KEY_PROVIDER/);
  assert.throws(() => readFlagOptions({ keyProvider: "gpg" }, environment, key), /^CommandError: .*--key-provider/);
  assert.equal(readFlagOptions({ keyProvider: "local" }, environment, key).dataDirectory, "/data");
});

test("commands that no gateway calls offer no address for gateways", () => {
  for (const command of [checkClusterCommand(), copyCommand()]) {
    assert.doesNotMatch(command.helpInformation(), /--advertise/);
    assert.match(command.helpInformation(), /--nats-creds/);
  }
});
