import assert from "node:assert/strict";
import { before, test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

let endpoint = "";
before(async (t) => {
  const millrace = await startMillrace({ stream: "clicks:2" });
  (t as { after(done: () => Promise<void>): void }).after(() => millrace.close());
  endpoint = millrace.endpoint;
});

test("create makes a stream that is ACTIVE when it ends, ls lists it, rm deletes it", async () => {
  const { code, stderr } = await runCli(["create", "orders", "--shards", "3", "--retention", "48"], { endpoint });
  assert.deepEqual([code, stderr], [0, "millrace: orders is ACTIVE\n"]);
  const again = await runCli(["create", "orders"], { endpoint });
  assert.equal(again.code, 2);
  assert.match(again.stderr, /^millrace: ResourceInUseException: .*already exists.*\n$/);
  assert.equal((await runCli(["create", "orders", "--if-absent"], { endpoint })).code, 0);
  const listed = await cliOutput(["ls"], { endpoint });
  assert.match(listed, /^NAME +STATUS +MODE +CREATED\nclicks +ACTIVE.*\norders +ACTIVE +PROVISIONED/);
  const names = JSON.parse(await cliOutput(["ls", "--json"], { endpoint })).map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ["clicks", "orders"]);
  await cliOutput(["rm", "orders"], { endpoint });
  const left = await cliOutput(["ls", "--format", "ndjson"], { endpoint });
  assert.equal(left.split("\n").length, 2);
});

test("without a server the message says where it was sought and what to do", async () => {
  const refused = await runCli(["ls", "--endpoint", "http://127.0.0.1:9"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^millrace: no answer from http:\/\/127\.0\.0\.1:9: nothing listens there; start .*\n$/);
});

test("nothing but --endpoint aws leads to Amazon, and there rm wants --yes", async () => {
  const unset = await runCli(["ls"], { env: { AWS_REGION: "eu-west-1" } });
  assert.match(unset.stderr, /http:\/\/127\.0\.0\.1:4567/);
  const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_EC2_METADATA_DISABLED: "true" };
  const kept = await runCli(["rm", "orders", "-e", "aws", "--region", "eu-west-1"], { env: keys });
  assert.equal(kept.code, 2);
  assert.match(kept.stderr, /this deletes orders in Amazon Kinesis in eu-west-1 for ever; add --yes/);
  const noRegion = await runCli(["ls", "-e", "aws"], { env: keys });
  assert.match(noRegion.stderr, /^millrace: no AWS region is set/);
  const noKeys = await runCli(["ls", "-e", "aws", "--region", "eu-west-1"], {
    env: { AWS_EC2_METADATA_DISABLED: "true" },
  });
  assert.match(noKeys.stderr, /^millrace: no AWS credentials were found/);
});

test("flags and arguments that are wrong are named, with the one that is meant, and exit 2", async () => {
  const unknown = await runCli(["tail", "orders", "--fron", "now"], { endpoint });
  const help = (command: string): string => `(millrace ${command} --help shows how to use it.)\n`;
  const meant = `millrace: unknown option '--fron'\n(Did you mean --from?)\n${help("tail")}`;
  assert.deepEqual([unknown.code, unknown.stderr], [2, meant]);
  const missing = await runCli(["create"], { endpoint });
  const argument = `millrace: missing required argument 'stream'\n${help("create")}`;
  assert.deepEqual([missing.code, missing.stderr], [2, argument]);
  const number = await runCli(["create", "orders", "--shards", "none"], { endpoint });
  assert.match(
    number.stderr,
    /^millrace: option '-s, --shards <count>' argument 'none' is invalid. It must be a whole/,
  );
  const url = await runCli(["ls", "--endpoint", "localhost"]);
  assert.match(url.stderr, /^millrace: --endpoint: "localhost" is neither a URL .* nor "aws"\n$/);
});

test("describe prints the state of a stream", async () => {
  assert.match(
    await cliOutput(["describe", "clicks"], { endpoint }),
    /^name +clicks\n.*openShards +2\n.*consumers +-\n/s,
  );
  const described = JSON.parse(await cliOutput(["describe", "clicks", "--json"], { endpoint }));
  assert.deepEqual([described.status, described.retentionHours, described.tags], ["ACTIVE", 24, {}]);
  const absent = await runCli(["describe", "none"], { endpoint });
  assert.match(absent.stderr, /^millrace: ResourceNotFoundException: .*none.*\n$/);
});

test("split, merge and resize print the shards that they opened, and shards draws their lineage", async () => {
  await cliOutput(["create", "shapes", "--shards", "2"], { endpoint });
  const split = JSON.parse(await cliOutput(["split", "shapes", "0", "--at", "25%", "--json"], { endpoint }));
  assert.deepEqual(
    split.map(({ shard, share, parent }: Record<string, string>) => [shard, share, parent]),
    [
      ["shardId-000000000002", "12.5%", "shardId-000000000000"],
      ["shardId-000000000003", "37.5%", "shardId-000000000000"],
    ],
  );
  const merged = await cliOutput(["merge", "shapes", "3", "1"], { endpoint });
  assert.match(
    merged,
    /^SHARD +SHARE .*\nshardId-000000000004 +87.5% +\d+ +shardId-000000000003 +shardId-000000000001\n$/,
  );
  const tree = (await cliOutput(["shards", "shapes"], { endpoint }))
    .split("\n")
    .map((line) => line.replace(/(?<=\S) {2,}.*/, ""));
  const [zero, one, two, three, four] = [0, 1, 2, 3, 4].map((index) => `shardId-00000000000${index}`);
  assert.deepEqual(tree, ["SHARD", zero, `├─ ${two}`, `└─ ${three}`, one, ""].toSpliced(4, 0, `   └─ ${four}`));
  const resized = await cliOutput(["resize", "shapes", "4", "-f", "ndjson"], { endpoint });
  assert(resized.split("\n").length > 1);
  const open = JSON.parse(await cliOutput(["shards", "shapes", "--open", "--json"], { endpoint }));
  assert.equal(open.length, 4);
  const found = JSON.parse(await cliOutput(["find", "shapes", "alice", "--closed", "--json"], { endpoint }));
  assert.equal(found.filter(({ state }: { state: string }) => state === "open").length, 1);
  assert(found.length > 1, "closed shards had the key too");
  const unknown = await runCli(["split", "shapes", "77"], { endpoint });
  assert.match(unknown.stderr, /the stream shapes has no shard shardId-000000000077/);
});
