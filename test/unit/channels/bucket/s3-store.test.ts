import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { S3Store } from "../../../../src/channels/bucket/s3-store.ts";
import { CatalogConnection } from "../../../../src/channels/table/catalog-requests.ts";
import { HttpStandIn } from "../../../support/http-stand-in.ts";

const signal = AbortSignal.timeout(60_000);

/** Answers everything with 200 and remembers the access keys of the requests. */
class KeyCollector extends HttpStandIn {
  readonly accessKeys: string[] = [];

  static async start(t: TestContext): Promise<KeyCollector> {
    const collector = await new KeyCollector().listen();
    t.after(() => collector[Symbol.asyncDispose]());
    return collector;
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.accessKeys.push(/Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1] ?? "");
    response.end("{}");
  }
}

/** A program that gives credentials, as a profile names it: each time other ones, which expire in a minute. */
async function writeProfile(t: TestContext, name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-profile-"));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, "credentials.mjs");
  const keys = `{ Version: 1, AccessKeyId: "AK" + process.pid, SecretAccessKey: "s", Expiration: new Date(Date.now() + 60_000).toISOString() }`;
  await writeFile(program, `console.log(JSON.stringify(${keys}))`);
  const file = join(folder, "config");
  await writeFile(file, `[profile ${name}]\ncredential_process = "${process.execPath}" "${program}"\n`);
  const former = process.env["AWS_CONFIG_FILE"];
  process.env["AWS_CONFIG_FILE"] = file;
  t.after(() => {
    if (former === undefined) delete process.env["AWS_CONFIG_FILE"];
    else process.env["AWS_CONFIG_FILE"] = former;
  });
}

test("a profile whose program gives credentials signs for buckets and catalogs, with new ones when they expire", async (t) => {
  await writeProfile(t, "lake");
  const store = await KeyCollector.start(t);
  const access = { endpoint: store.endpoint, region: "us-east-1", pathStyle: true, profile: "lake" };
  const bucket = new S3Store({ bucketArn: "arn:aws:s3:::lake" }, () => access);
  t.after(() => bucket.close());
  await bucket.check(signal);
  await bucket.check(signal);
  const catalog = new CatalogConnection({ ...access, catalog: store.endpoint, auth: { kind: "sigv4" } });
  await catalog.send({ method: "GET", path: "/v1/config", signal });
  assert(
    store.accessKeys.every((key) => /^AK\d+$/.test(key)),
    store.accessKeys.join(),
  );
  assert.equal(store.accessKeys.length, 3);
  assert(new Set(store.accessKeys).size > 1, store.accessKeys.join());
});

test("a profile that no file has is told, as what keeps the bucket from being reached", async (t) => {
  await writeProfile(t, "other");
  const access = { endpoint: "http://127.0.0.1:1", region: "us-east-1", pathStyle: true, profile: "absent" };
  const bucket = new S3Store({ bucketArn: "arn:aws:s3:::lake" }, () => access);
  t.after(() => bucket.close());
  await assert.rejects(bucket.check(signal), /The bucket lake cannot be reached or fails \(.*absent/);
});

test("a put that is answered with 200 and a page, or with an error in the body, has stored nothing", async (t) => {
  const store = await KeyCollector.start(t);
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  const access = { endpoint: store.endpoint, region: "us-east-1", pathStyle: true, credentials };
  const bucket = new S3Store({ bucketArn: "arn:aws:s3:::lake" }, () => access);
  t.after(() => bucket.close());
  const put = bucket.putNew("key", Buffer.from("bytes"), { contentType: "text/plain", signal });
  await assert.rejects(put, /The bucket lake cannot be reached or fails \(a response without an ETag/);
});
