import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CredentialStore } from "../../../src/auth/credential-store.ts";
import { StartError } from "../../../src/config/start-error.ts";
import {
  type CredentialsExposed,
  type CredentialsReloaded,
  credentialsExposed,
  credentialsReloaded,
} from "../../../src/telemetry/diagnostic-events.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const noModes = process.platform === "win32" ? "Windows has no such permissions" : false;

const fileOf = (...ids: readonly string[]) => ({
  credentials: ids.map((id) => ({ accessKeyId: id, secretAccessKey: "s", account: "111111111111" })),
});

interface Opened {
  readonly path: string;
  readonly credentials: CredentialStore;
  readonly reported: CredentialsReloaded[];
}

function open(t: TestContext): Opened {
  const directory = mkdtempSync(join(tmpdir(), "millrace-credentials-"));
  const path = join(directory, "keys.json");
  const json = fileOf("a");
  writeFileSync(path, JSON.stringify(json));
  const reported: CredentialsReloaded[] = [];
  const unsubscribe = credentialsReloaded.subscribe((message) => {
    if (message.path === path) reported.push(message);
  });
  const credentials = new CredentialStore({ path, json }, new SimulatedClock());
  t.after(async () => {
    await credentials.close();
    unsubscribe();
    rmSync(directory, { recursive: true });
  });
  return { path, credentials, reported };
}

test("Credentials takes a new version of its file, also one that was put into its place", async (t) => {
  const { path, credentials, reported } = open(t);
  assert.equal(credentials.find("a")?.accessKeyId, "a");
  writeFileSync(path, JSON.stringify(fileOf("b", "c")));
  await credentials.check();
  assert.deepEqual([credentials.find("a"), credentials.find("b")?.account], [undefined, "111111111111"]);
  writeFileSync(`${path}.new`, JSON.stringify(fileOf("d")));
  renameSync(`${path}.new`, path);
  await credentials.check();
  assert.deepEqual([credentials.find("b"), credentials.find("d")?.accessKeyId], [undefined, "d"]);
  assert.deepEqual(reported, [
    { path, credentialCount: 2 },
    { path, credentialCount: 1 },
  ]);
});

test("Credentials keeps what it has while the file is broken, and says so once for each mistake", async (t) => {
  const { path, credentials, reported } = open(t);
  const broken: readonly (readonly [string, string])[] = [
    ["secret {", "not JSON"],
    ['{"credentials": []}', "has no credentials, so all requests would be refused"],
  ];
  for (const [text, problem] of broken) {
    writeFileSync(path, text);
    await credentials.check();
    await credentials.check();
    assert.deepEqual(reported.splice(0), [{ path, credentialCount: 1, problems: [problem] }]);
    assert.equal(credentials.find("a")?.accessKeyId, "a");
  }
  rmSync(path);
  await credentials.check();
  assert.deepEqual(reported.splice(0), [{ path, credentialCount: 1, problems: ["cannot be read (ENOENT)"] }]);
  writeFileSync(path, JSON.stringify(fileOf("e")));
  await credentials.check();
  assert.equal(credentials.find("e")?.accessKeyId, "e");
});

test("Credentials hears of a change without being asked", async (t) => {
  const { path, credentials } = open(t);
  await credentials.check();
  const reported = Promise.withResolvers<void>();
  t.after(credentialsReloaded.subscribe((message) => (message.path === path ? reported.resolve() : undefined)));
  writeFileSync(path, JSON.stringify(fileOf("later")));
  await reported.promise;
  assert.equal(credentials.find("later")?.accessKeyId, "later");
});

test("Credentials reads its file once more as it opens, and waits for the next look", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-credentials-"));
  const path = join(directory, "keys.json");
  writeFileSync(path, JSON.stringify(fileOf("a")));
  const clock = new SimulatedClock();
  const credentials = new CredentialStore({ path, json: fileOf("older") }, clock);
  t.after(async () => {
    await credentials.close();
    rmSync(directory, { recursive: true });
  });
  // The first look comes with the start: the file may have changed since it was checked.
  while (clock.pendingDelayCount === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(credentials.find("a")?.accessKeyId, "a");
});

test("Credentials does not open with a file that is wrong", () => {
  const open = () => new CredentialStore({ path: "keys.json", json: { credentials: [] } }, new SimulatedClock());
  assert.throws(open, new StartError("keys.json: has no credentials, so all requests would be refused"));
});

test("Credentials has a fault for health while its file is emptied or removed, and none after it is back", async (t) => {
  const { path, credentials } = open(t);
  await credentials.check();
  assert.equal(credentials.fault, undefined);
  const stays = "so its last valid version stays in force (credentials in it: 1); correct the file";
  writeFileSync(path, "");
  await credentials.check();
  assert.equal(credentials.fault, `the credentials file has a problem (not JSON), ${stays}`);
  rmSync(path);
  await credentials.check();
  assert.equal(credentials.fault, `the credentials file has a problem (cannot be read (ENOENT)), ${stays}`);
  writeFileSync(path, JSON.stringify(fileOf("a")));
  await credentials.check();
  assert.equal(credentials.fault, undefined);
});

test("Credentials has no fault any more when its file comes back as it was", async (t) => {
  const { path, credentials } = open(t);
  await credentials.check();
  renameSync(path, `${path}.away`);
  await credentials.check();
  assert.notEqual(credentials.fault, undefined);
  renameSync(`${path}.away`, path);
  await credentials.check();
  assert.equal(credentials.fault, undefined);
});

test("Credentials reports once that every user of the machine may read its file", { skip: noModes }, async (t) => {
  const exposed: CredentialsExposed[] = [];
  t.after(credentialsExposed.subscribe((message) => void exposed.push(message)));
  const { path, credentials } = open(t);
  chmodSync(path, 0o640);
  await credentials.check();
  exposed.splice(0);
  chmodSync(path, 0o644);
  await credentials.check();
  await credentials.check();
  assert.deepEqual(exposed, [{ path, mode: "644" }]);
  chmodSync(path, 0o600);
  await credentials.check();
  chmodSync(path, 0o606);
  await credentials.check();
  assert.deepEqual(exposed.slice(1), [{ path, mode: "606" }]);
});
