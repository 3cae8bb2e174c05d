// What lies on the disk of a server with encrypted streams, and what a start finds there with and without its keyring.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Millrace, type MillraceOptions, startMillrace } from "../../../src/app/in-process-server.ts";
import { activeConsumerArn, activeStreamArn, call, headersFor } from "../../support/kinesis-call.ts";
import { KmsStandIn } from "../../support/kms-stand-in.ts";
import { ShardReader } from "../../support/shard-reader.ts";

const shardId = "shardId-000000000000";
const StreamName = "secrets";

/** A place for a data directory and its keyring that is gone after the test. */
function place(): Disposable & { readonly dataDir: string; readonly keyring: string } {
  const directory = mkdtempSync(join(tmpdir(), "millrace-encryption-"));
  const dataDir = join(directory, "data");
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return { dataDir, keyring: `${dataDir}.keyring`, [Symbol.dispose]: remove };
}

async function startEncryption({ endpoint }: Millrace, KeyId = "alias/aws/kinesis"): Promise<void> {
  await call(endpoint, "StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
  await activeStreamArn(endpoint, StreamName);
}

const putOf = (PartitionKey: string, data: string) => ({ PartitionKey, Data: Buffer.from(data).toString("base64") });

async function put({ endpoint }: Millrace, data: string, partitionKey = "key"): Promise<void> {
  await call(endpoint, "PutRecord", { StreamName, ...putOf(partitionKey, data) });
}

async function send({ endpoint }: Millrace, operation: string, input: object): Promise<string> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: headersFor(operation),
    body: JSON.stringify({ StreamName, ...input }),
  });
  const text = await response.text();
  return response.status === 200 ? "ok" : (JSON.parse(text) as { readonly __type: string }).__type;
}

async function iteratorOf({ endpoint }: Millrace): Promise<string> {
  const at = { StreamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
  return (await call<{ readonly ShardIterator: string }>(endpoint, "GetShardIterator", at)).ShardIterator;
}

async function read(millrace: Millrace): Promise<readonly string[]> {
  const input = { ShardIterator: await iteratorOf(millrace) };
  const page = await call<{ readonly Records: readonly { readonly Data: string }[] }>(
    millrace.endpoint,
    "GetRecords",
    input,
  );
  return page.Records.map(({ Data }) => Buffer.from(Data, "base64").toString());
}

async function degraded({ endpoint }: Millrace): Promise<readonly string[]> {
  const health = await fetch(`${endpoint}/health`);
  assert.equal(health.status, 200);
  return ((await health.json()) as { readonly degraded: readonly string[] }).degraded;
}

/** A server on the directory of the test, closed at the end of `use`. */
async function withServer<T>(options: MillraceOptions, use: (millrace: Millrace) => Promise<T>): Promise<T> {
  await using millrace = await startMillrace(options);
  return await use(millrace);
}

test("neither data nor partition keys of an encrypted stream can be found in the data directory", async () => {
  using at = place();
  await withServer({ dataDir: at.dataDir, stream: `${StreamName}:2` }, async (millrace) => {
    await put(millrace, "written before, in plain words", "plain-partition-key");
    await startEncryption(millrace);
    await put(millrace, "one secret record", "secret-partition-key");
    const Records = Array.from({ length: 200 }, (_, i) => putOf(`secret-key-${i}`, `secret data ${i}`.repeat(20)));
    await call(millrace.endpoint, "PutRecords", { StreamName, Records });
  });
  const files = globSync("**/*", { cwd: at.dataDir }).map((name) => join(at.dataDir, name));
  const bytes = Buffer.concat(files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file)));
  assert.ok(bytes.includes("written before, in plain words") && bytes.includes("plain-partition-key"));
  for (const secret of ["one secret record", "secret-partition-key", "secret data", "secret-key-"]) {
    assert.equal(bytes.includes(secret), false, secret);
  }
  const { masterKeys } = JSON.parse(readFileSync(at.keyring, "utf8")) as {
    readonly masterKeys: readonly { readonly key: string }[];
  };
  assert.equal(masterKeys.length, 1);
  for (const { key } of masterKeys) {
    assert.equal(bytes.includes(key), false);
    assert.equal(bytes.includes(Buffer.from(key, "base64")), false);
  }
});

test("a restart reads encrypted records with the keyring, refuses them without it, and reads them when it is back", async () => {
  using at = place();
  const options = { dataDir: at.dataDir };
  await withServer({ ...options, stream: `${StreamName}:1` }, async (millrace) => {
    await startEncryption(millrace);
    await put(millrace, "sealed");
  });
  await withServer(options, async (millrace) => {
    assert.deepEqual(await read(millrace), ["sealed"]);
    assert.deepEqual(await degraded(millrace), []);
  });

  renameSync(at.keyring, `${at.keyring}.away`);
  await withServer(options, async (millrace) => {
    assert.match((await degraded(millrace)).join(), /stream secrets cannot be used: The keyring .+ does not exist/);
    assert.equal(await send(millrace, "PutRecord", putOf("key", "never stored")), "KMSNotFoundException");
    const read = { StreamName: undefined, ShardIterator: await iteratorOf(millrace) };
    assert.equal(await send(millrace, "GetRecords", read), "KMSNotFoundException");
    await call(millrace.endpoint, "CreateStream", { StreamName: "plain", ShardCount: 1 });
    await activeStreamArn(millrace.endpoint, "plain");
    await call(millrace.endpoint, "PutRecord", { StreamName: "plain", ...putOf("key", "needs no key") });
  });

  renameSync(`${at.keyring}.away`, at.keyring);
  await withServer(options, async (millrace) => assert.deepEqual(await read(millrace), ["sealed"]));
});

test("with the keyring of another server records stay sealed, and new ones are sealed once the stream is re-keyed", async () => {
  using at = place();
  using other = place();
  for (const { dataDir } of [at, other]) {
    await withServer({ dataDir, stream: `${StreamName}:1` }, async (millrace) => {
      await startEncryption(millrace);
      await put(millrace, "sealed");
    });
  }
  await withServer({ dataDir: at.dataDir, keyring: other.keyring }, async (millrace) => {
    const input = { StreamName: undefined, ShardIterator: await iteratorOf(millrace) };
    assert.equal(await send(millrace, "GetRecords", input), "KMSNotFoundException");
    await startEncryption(millrace);
    assert.deepEqual(await send(millrace, "PutRecord", putOf("key", "encrypted again")), "ok");
    assert.equal(await send(millrace, "GetRecords", input), "KMSNotFoundException");
  });
});

test("a key service is asked for the keys of streams, and its refusals are told in the words of Kinesis", async () => {
  process.env["AWS_ACCESS_KEY_ID"] = "test";
  process.env["AWS_SECRET_ACCESS_KEY"] = "test";
  using at = place();
  await using service = await KmsStandIn.start();
  const options = { dataDir: at.dataDir, keyProvider: "kms", kmsEndpoint: service.endpoint } as const;
  await withServer({ ...options, stream: `${StreamName}:1` }, async (millrace) => {
    service.states.set("alias/denied", "denied");
    const denied = { EncryptionType: "KMS", KeyId: "alias/denied" };
    assert.equal(await send(millrace, "StartStreamEncryption", denied), "KMSAccessDeniedException");
    await startEncryption(millrace, "alias/mine");
    await put(millrace, "sealed");
    assert.deepEqual(await read(millrace), ["sealed"]);
  });
  assert.equal(globSync(`${at.dataDir}.keyring*`).length, 0);
  const context = { "aws:kinesis:arn": `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}` };
  assert.deepEqual(service.calls.at(-1)?.input["EncryptionContext"], context);

  service.states.set("alias/mine", "disabled");
  await withServer(options, async (millrace) => {
    const { endpoint } = millrace;
    assert.equal(await send(millrace, "PutRecord", putOf("key", "never stored")), "KMSDisabledException");
    const input = { StreamName: undefined, ShardIterator: await iteratorOf(millrace) };
    assert.equal(await send(millrace, "GetRecords", input), "KMSDisabledException");
    const arn = await activeStreamArn(endpoint, StreamName);
    const reader = new ShardReader({
      endpoint,
      consumerArn: await activeConsumerArn(endpoint, arn, "reader"),
      shardId,
    });
    await reader.subscribe();
    await reader.ended;
    assert.equal(reader.exception, "KMSDisabledException");
    assert.match((await degraded(millrace)).join(), /DisabledException/);
  });
  service.states.delete("alias/mine");
  await withServer(options, async (millrace) => assert.deepEqual(await read(millrace), ["sealed"]));
  await withServer({ dataDir: at.dataDir }, async (millrace) => {
    const input = { StreamName: undefined, ShardIterator: await iteratorOf(millrace) };
    assert.equal(await send(millrace, "GetRecords", input), "KMSNotFoundException", "another provider than wrapped it");
  });
});

test("compressed records take less room, read the same, and still do when compression is off again", async () => {
  using at = place();
  const data = Array.from({ length: 40 }, (_, i) => `{"event":"page_view","number":${i}}`.repeat(300));
  const written = await withServer(
    { dataDir: at.dataDir, compression: "zstd", stream: `${StreamName}:1` },
    async (millrace) => {
      for (const text of data.slice(0, 20)) await put(millrace, text);
      await startEncryption(millrace);
      for (const text of data.slice(20)) await put(millrace, text);
      assert.deepEqual(await read(millrace), data);
      const metrics = await (await fetch(`${millrace.endpoint}/metrics`)).text();
      return Number(/^millrace_commit_bytes_total (\d+)/m.exec(metrics)?.[1]);
    },
  );
  assert.ok(written < data.join("").length, `${written} bytes, groups in whole blocks included`);
  await withServer({ dataDir: at.dataDir }, async (millrace) => assert.deepEqual(await read(millrace), data));
});

test("records that are small in storage and vast in memory are read a page at a time, by get and by push", async () => {
  using at = place();
  await withServer({ dataDir: at.dataDir, compression: "zstd", stream: `${StreamName}:1` }, async (millrace) => {
    const { endpoint } = millrace;
    const Records = Array.from({ length: 9 }, () => putOf("key", "\0".repeat(1_000_000)));
    for (let i = 0; i < 5; i++) await call(endpoint, "PutRecords", { StreamName, Records });
    let ShardIterator = await iteratorOf(millrace);
    let count = 0;
    for (let pages = 1; count < 45; pages++) {
      const page = await call<{ readonly Records: readonly object[]; readonly NextShardIterator: string }>(
        endpoint,
        "GetRecords",
        { ShardIterator },
      );
      assert.ok(
        page.Records.length > 0 && page.Records.length <= 10,
        `${page.Records.length} records on page ${pages}`,
      );
      count += page.Records.length;
      ShardIterator = page.NextShardIterator;
    }
    const consumerArn = await activeConsumerArn(endpoint, await activeStreamArn(endpoint, StreamName), "reader");
    const all = Promise.withResolvers<void>();
    const reader = new ShardReader({ endpoint, consumerArn, shardId }, () => reader.count === 45 && all.resolve());
    await reader.subscribe();
    await all.promise;
    await reader.breakOff();
  });
});
