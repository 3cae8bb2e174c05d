// A whole server with --encrypt-at-rest: what clients say is nowhere in the bytes of its directory, and only its keyring
// opens it again.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspectData } from "../../../src/app/data-directory-tools.ts";
import { type MillraceOptions, startMillrace } from "../../../src/app/in-process-server.ts";
import { activeConsumerArn, activeStreamArn, call } from "../../support/kinesis-call.ts";
import { KmsStandIn } from "../../support/kms-stand-in.ts";

const StreamName = "xylophone-stream";
/** In the spellings in which documents and entries would hold them. */
const spoken = {
  stream: StreamName,
  data: "xylophone-data",
  partitionKey: "xylophone-partition-key",
  tag: "xylophone-tag",
  tagValue: "xylophone-value",
  policy: "xylophone-principal",
  consumer: "xylophone-consumer",
};

async function speak(endpoint: string): Promise<void> {
  const Tags = { [spoken.tag]: spoken.tagValue };
  await call(endpoint, "CreateStream", { StreamName, ShardCount: 2, Tags });
  const arn = await activeStreamArn(endpoint, StreamName);
  const Records = Array.from({ length: 20 }, (_, index) => ({
    PartitionKey: `${spoken.partitionKey}-${index}`,
    Data: Buffer.from(spoken.data.repeat(50)).toString("base64"),
  }));
  await call(endpoint, "PutRecords", { StreamName, Records });
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::111122223333:user/${spoken.policy}` },
        Action: ["kinesis:DescribeStreamSummary", "kinesis:GetRecords"],
        Resource: arn,
      },
    ],
  });
  await call(endpoint, "PutResourcePolicy", { ResourceARN: arn, Policy });
  await activeConsumerArn(endpoint, arn, spoken.consumer);
}

interface Page {
  readonly Records: readonly { readonly Data: string; readonly PartitionKey: string }[];
  readonly NextShardIterator: string;
}

async function listen(endpoint: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const ShardId of ["shardId-000000000000", "shardId-000000000001"]) {
    const place = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
    const { ShardIterator } = await call<{ ShardIterator: string }>(endpoint, "GetShardIterator", place);
    const { Records } = await call<Page>(endpoint, "GetRecords", { ShardIterator });
    texts.push(...Records.map(({ Data, PartitionKey }) => `${PartitionKey} ${Buffer.from(Data, "base64").toString()}`));
  }
  return texts;
}

function makeDirectory(context: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), "millrace-encrypted-"));
  context.after(() => rmSync(parent, { recursive: true }));
  return join(parent, "data");
}

/** Which of the words stand anywhere in the files below a directory, or in their names. */
function found(dataDir: string): readonly string[] {
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert(files.length >= 4);
  const texts = files.map(({ parentPath, name }) => `${name} ${readFileSync(join(parentPath, name), "latin1")}`);
  return Object.entries(spoken).flatMap(([what, word]) => (texts.some((text) => text.includes(word)) ? [what] : []));
}

async function session<Result>(options: MillraceOptions, use: (endpoint: string) => Promise<Result>): Promise<Result> {
  await using millrace = await startMillrace(options);
  return await use(millrace.endpoint);
}

test("nothing that clients say stands in the bytes of an encrypted data directory, whose keyring opens it again", async (t) => {
  const plain = makeDirectory(t);
  await session({ dataDir: plain }, speak);
  assert.deepEqual(found(plain), Object.keys(spoken), "all of it stands in a plain one");

  const dataDir = makeDirectory(t);
  const atWork = { dataDir, encryptAtRest: true };
  await session(atWork, async (endpoint) => {
    await speak(endpoint);
    assert.deepEqual(found(dataDir), [], "while it is served");
    assert.equal((await listen(endpoint)).length, 20);
  });
  assert.deepEqual(found(dataDir), [], "once it is closed");
  const again = await session(atWork, listen);
  assert.equal(again.length, 20);
  assert(again.every((text) => text.startsWith(spoken.partitionKey) && text.endsWith(spoken.data)));

  const refusals: readonly [MillraceOptions, RegExp][] = [
    [{ dataDir }, /is encrypted, and no key was given\. .+ Start with --encrypt-at-rest/],
    [
      { ...atWork, keyring: `${dataDir}.other` },
      /cannot be unwrapped, .+: The keyring \S+\.other does not exist, so data that is encrypted with its keys cannot be read\. Put the file back, or its backup\.$/,
    ],
    [
      { ...atWork, keyProvider: "kms", kmsEndpoint: "http://127.0.0.1:1" },
      /cannot be unwrapped, .+: The key was not wrapped by a key service, so data under it cannot be read\. Use the --key-provider that wrapped it\.$/,
    ],
    [{ dataDir: plain, encryptAtRest: true }, /is not encrypted, and an existing directory cannot be encrypted/],
  ];
  for (const [options, message] of refusals) {
    await assert.rejects(startMillrace(options), { name: "DataDirectoryError", message });
  }
});

test("with a key service the directory's key is asked for at each start, by the directory's id", async (t) => {
  process.env["AWS_ACCESS_KEY_ID"] = "test";
  process.env["AWS_SECRET_ACCESS_KEY"] = "test";
  await using service = await KmsStandIn.start();
  const dataDir = makeDirectory(t);
  const kms = { dataDir, encryptAtRest: true, keyProvider: "kms", kmsEndpoint: service.endpoint } as const;
  const options = { ...kms, encryptAtRestKey: "alias/of-the-directory" };
  await session(options, speak);
  assert.deepEqual(found(dataDir), []);
  assert.equal((await session(options, listen)).length, 20);
  const [made, opened] = service.calls;
  assert.deepEqual([made?.action, made?.input["KeyId"]], ["GenerateDataKey", "alias/of-the-directory"]);
  const { format } = JSON.parse(JSON.stringify(await inspectData(dataDir, undefined)));
  const context = { "millrace:data-directory": format.directoryId };
  assert.deepEqual([made?.input["EncryptionContext"], opened?.input["EncryptionContext"]], [context, context]);
  service.states.set("alias/of-the-directory", "disabled");
  await assert.rejects(startMillrace(options), {
    name: "DataDirectoryError",
    message: /^The root key of the encrypted data directory \S+ cannot be unwrapped, .+: .*disabled/i,
  });
});
