import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { KeyError, type KeyErrorKind } from "../../../src/keys/key-provider.ts";
import { LocalKeyProvider } from "../../../src/keys/local-key-provider.ts";
import { lockFile } from "../../../src/platform/file-lock.ts";
import { masterKeyMade } from "../../../src/telemetry/diagnostic-events.ts";

const scope = { account: "123456789012", region: "eu-west-1" };
const context = { "aws:kinesis:arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders" };
const nowMs = () => 1_700_000_000_000;

function withKind(kind: KeyErrorKind, sentence = /./) {
  return (error: unknown) => error instanceof KeyError && error.kind === kind && sentence.test(error.message);
}

/** The id of the master key stands in the wrapped key. */
async function masterOf(keyring: LocalKeyProvider, keyId: string, of = scope): Promise<string> {
  const { wrapped } = await keyring.generateRootKey(keyId, of, context);
  return Buffer.from(wrapped).toString("hex", 4, 20);
}

/** A place for a keyring that is gone after the test. */
function place(): Disposable & { readonly file: string } {
  const directory = mkdtempSync(join(tmpdir(), "millrace-keyring-"));
  return { file: join(directory, "ring"), [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

test("a data key opens with the same context only, and no bit of it can be changed", async () => {
  const keyring = new LocalKeyProvider({ nowMs });
  const { rootKey, wrapped } = await keyring.generateRootKey("alias/aws/kinesis", scope, context);
  assert.equal(rootKey.length, 32);
  assert.deepEqual(await keyring.unwrapRootKey(wrapped, context), rootKey);
  await assert.rejects(keyring.unwrapRootKey(wrapped, {}), withKind("invalid_state"));
  await assert.rejects(keyring.unwrapRootKey(wrapped.subarray(1), context), withKind("not_found"));
  for (let bit = 0; bit < wrapped.length * 8; bit++) {
    const changed = Buffer.from(wrapped);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await assert.rejects(keyring.unwrapRootKey(changed, context), KeyError, `bit ${bit}`);
  }
});

test("an alias and its ARN are one key; each alias, id, account and region has its own", async () => {
  const keyring = new LocalKeyProvider({ nowMs });
  const uuid = "12345678-ABCD-1234-1234-123456789012";
  const same = [
    ["alias/mine", "arn:aws:kms:eu-west-1:123456789012:alias/mine"],
    [uuid, uuid.toLowerCase(), `arn:aws:kms:eu-west-1:123456789012:key/${uuid}`],
    ["alias/aws/kinesis"],
    ["arn:aws:kms:us-east-1:123456789012:alias/mine"],
    ["arn:aws:kms:eu-west-1:210987654321:alias/mine"],
  ];
  const masters = new Set<string>();
  for (const names of same) {
    const found = new Set(await Promise.all(names.map((name) => masterOf(keyring, name))));
    assert.equal(found.size, 1, names.join(" = "));
    for (const master of found) masters.add(master);
  }
  assert.equal(masters.size, same.length);
  assert.ok(masters.has(await masterOf(keyring, "alias/mine", { ...scope, region: "us-east-1" })));
  await assert.rejects(keyring.generateRootKey("my key", scope, context), withKind("not_found"));
});

test("a file keeps the keys for a later keyring, readable by its owner only", async () => {
  using at = place();
  const first = new LocalKeyProvider({ file: at.file, nowMs });
  const { rootKey, wrapped } = await first.generateRootKey("alias/mine", scope, context);
  if (process.platform !== "win32") assert.equal(statSync(at.file).mode & 0o777, 0o600);
  const later = new LocalKeyProvider({ file: at.file, nowMs });
  assert.deepEqual(await later.unwrapRootKey(wrapped, context), rootKey);
  assert.equal(await masterOf(later, "alias/mine"), await masterOf(first, "alias/mine"));
});

test("other users can neither read nor hold the lock of the keyring", async () => {
  using at = place();
  const lock = `${at.file}.lock`;
  writeFileSync(lock, "", { mode: 0o644 });
  await new LocalKeyProvider({ file: at.file, nowMs }).generateRootKey("alias/mine", scope, context);
  if (process.platform !== "win32") assert.equal(statSync(lock).mode & 0o777, 0o600);
});

test("a keyring that belongs to another user is not used", async (t) => {
  using at = place();
  const { geteuid } = process;
  const own = geteuid?.() ?? 0;
  const first = new LocalKeyProvider({ file: at.file, nowMs });
  const { wrapped } = await first.generateRootKey("alias/mine", scope, context);
  process.geteuid = () => own + 1;
  t.after(() => {
    Object.assign(process, { geteuid });
  });
  const keyring = new LocalKeyProvider({ file: at.file, nowMs });
  assert.match(keyring.fault ?? "", /belongs to another user/);
  await assert.rejects(keyring.unwrapRootKey(wrapped, context), withKind("not_found", /belongs to another user/));
  await assert.rejects(keyring.generateRootKey("alias/other", scope, context), withKind("not_found"));
});

test("a keyring that is a symbolic link stays one, also when its target is not yet made", async () => {
  using at = place();
  const folder = `${at.file}-secrets`;
  mkdirSync(folder);
  symlinkSync(join(folder, "ring"), at.file);
  for (const alias of ["alias/first", "alias/second"]) {
    await new LocalKeyProvider({ file: at.file, nowMs }).generateRootKey(alias, scope, context);
    assert(lstatSync(at.file).isSymbolicLink());
    assert.match(readFileSync(join(folder, "ring"), "utf8"), new RegExp(alias));
  }
  rmSync(folder, { recursive: true });
});

test("waiting for the keyring's lock does not stop the event loop, and one alias becomes one key", async () => {
  using at = place();
  const keyring = new LocalKeyProvider({ file: at.file, nowMs });
  const held = lockFile(`${at.file}.lock`);
  assert(held !== "busy" && held !== "unsupported");
  const made = Promise.all([masterOf(keyring, "alias/mine"), masterOf(keyring, "alias/mine")]);
  // On a blocked event loop this timer fires only after the wait has failed.
  await new Promise((resolve) => setTimeout(resolve, 50));
  held.release();
  const [first, second] = await made;
  assert.equal(first, second);
});

test("a keyring that is missing is said to be missing", async () => {
  using at = place();
  const before = new LocalKeyProvider({ file: at.file, nowMs });
  assert(before.isAbsent);
  const { wrapped } = await before.generateRootKey("alias/mine", scope, context);
  assert(!before.isAbsent);
  const other = new LocalKeyProvider({ file: `${at.file}.other`, nowMs });
  assert(other.isAbsent);
  await assert.rejects(other.unwrapRootKey(wrapped, context), withKind("not_found", /does not exist/));
  await other.generateRootKey("alias/mine", scope, context);
  await assert.rejects(other.unwrapRootKey(wrapped, context), withKind("not_found", /does not contain the master key/));
});

test("each key that a file is given is logged, so that an operator keeps a copy", async (t) => {
  using at = place();
  const reported: unknown[] = [];
  t.after(masterKeyMade.subscribe((made) => reported.push(made)));
  const keyring = new LocalKeyProvider({ file: at.file, nowMs });
  for (let i = 0; i < 2; i++) await keyring.generateRootKey("alias/mine", scope, context);
  assert.deepEqual(reported, [{ name: "123456789012/eu-west-1/alias/mine", keyring: at.file }]);
  await new LocalKeyProvider({ nowMs }).generateRootKey("alias/mine", scope, context);
  assert.equal(reported.length, 1);
});

test("two servers that share a file lose none of each other's keys, and name the same key by the same name", async () => {
  using at = place();
  const left = new LocalKeyProvider({ file: at.file, nowMs });
  const right = new LocalKeyProvider({ file: at.file, nowMs });
  const made = [];
  for (let i = 0; i < 5; i++) {
    made.push(await left.generateRootKey(`alias/left-${i}`, scope, context));
    made.push(await right.generateRootKey(`alias/right-${i}`, scope, context));
  }
  assert.equal(await masterOf(left, "alias/same"), await masterOf(right, "alias/same"));
  for (const { wrapped, rootKey } of made) {
    for (const ring of [left, right, new LocalKeyProvider({ file: at.file, nowMs })]) {
      assert.deepEqual(await ring.unwrapRootKey(wrapped, context), rootKey);
    }
  }
});

test("a keyring that was taken away is missed by name, and found again when it is put back", async () => {
  using at = place();
  const { rootKey, wrapped } = await new LocalKeyProvider({ file: at.file, nowMs }).generateRootKey(
    "alias/mine",
    scope,
    context,
  );
  const text = readFileSync(at.file);
  rmSync(at.file);
  const later = new LocalKeyProvider({ file: at.file, nowMs });
  assert.equal(later.fault, undefined);
  await assert.rejects(later.unwrapRootKey(wrapped, context), withKind("not_found", /does not exist/));
  writeFileSync(at.file, text, { mode: 0o600 });
  assert.deepEqual(await later.unwrapRootKey(wrapped, context), rootKey);
});

test("a file that vanishes while a server runs comes back with all keys when the next one is made", async () => {
  using at = place();
  const keyring = new LocalKeyProvider({ file: at.file, nowMs });
  const { rootKey, wrapped } = await keyring.generateRootKey("alias/mine", scope, context);
  rmSync(at.file);
  await keyring.generateRootKey("alias/other", scope, context);
  assert.deepEqual(await new LocalKeyProvider({ file: at.file, nowMs }).unwrapRootKey(wrapped, context), rootKey);
});

test("a damaged keyring opens nothing, is not written over, and says so", async () => {
  using at = place();
  const { wrapped } = await new LocalKeyProvider({ file: at.file, nowMs }).generateRootKey(
    "alias/mine",
    scope,
    context,
  );
  const text = readFileSync(at.file, "utf8");
  const [, key = ""] = /"key":"(.)/.exec(text) ?? [];
  const damages = ["", "{}", text.slice(0, -20), text.replace(`"key":"${key}`, `"key":"${key === "A" ? "B" : "A"}`)];
  for (const damaged of damages) {
    writeFileSync(at.file, damaged);
    const keyring = new LocalKeyProvider({ file: at.file, nowMs });
    assert.match(keyring.fault ?? "", /is damaged, or is not a keyring/);
    await assert.rejects(keyring.unwrapRootKey(wrapped, context), withKind("not_found", /damaged/));
    await assert.rejects(keyring.generateRootKey("alias/mine", scope, context), withKind("not_found", /damaged/));
    assert.equal(readFileSync(at.file, "utf8"), damaged);
  }
});

test("a keyring that others may read is not used", { skip: process.platform === "win32" }, async () => {
  using at = place();
  await new LocalKeyProvider({ file: at.file, nowMs }).generateRootKey("alias/mine", scope, context);
  chmodSync(at.file, 0o640);
  const keyring = new LocalKeyProvider({ file: at.file, nowMs });
  assert.match(keyring.fault ?? "", /chmod 600/);
  await assert.rejects(keyring.generateRootKey("alias/mine", scope, context), withKind("not_found", /chmod 600/));
  chmodSync(at.file, 0o600);
  await keyring.generateRootKey("alias/mine", scope, context);
  assert.equal(keyring.fault, undefined);
});

test("what a crash left of an unfinished change is no hindrance, and lends the file no mode", async () => {
  using at = place();
  writeFileSync(`${at.file}.tmp`, "half a keyr", { mode: 0o644 });
  const { rootKey, wrapped } = await new LocalKeyProvider({ file: at.file, nowMs }).generateRootKey(
    "alias/mine",
    scope,
    context,
  );
  if (process.platform !== "win32") assert.equal(statSync(at.file).mode & 0o777, 0o600);
  assert.deepEqual(await new LocalKeyProvider({ file: at.file, nowMs }).unwrapRootKey(wrapped, context), rootKey);
});

test("a place that cannot be written makes no key", async () => {
  using at = place();
  const keyring = new LocalKeyProvider({ file: join(at.file, "nowhere", "ring"), nowMs });
  await assert.rejects(keyring.generateRootKey("alias/mine", scope, context), withKind("unavailable"));
});

test("keys that another kind of provider has wrapped are refused", async () => {
  const keyring = new LocalKeyProvider({ nowMs });
  await assert.rejects(
    keyring.unwrapRootKey(Buffer.from("MKM1 and more"), context),
    withKind("not_found", /Use the --key-provider that wrapped it/),
  );
});
