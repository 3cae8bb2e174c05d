import assert from "node:assert/strict";
import { test } from "node:test";
import { findBucketAccess, findTableAccess, parseChannelsFile } from "../../../../src/channels/places/channels-file.ts";

const buckets = { "*": {} };
const arn = "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics";
const catalog = "https://s3tables.us-east-1.amazonaws.com/iceberg";

test("a table bucket has its catalog and its store, by its own ARN or by *", () => {
  const tables = { [arn]: { catalog }, "*": { catalog: "http://127.0.0.1:8181", auth: { token: "t" } } };
  const { file } = parseChannelsFile({ buckets, tables, schemas: "schemas" });
  assert(file !== undefined);
  assert.deepEqual(findTableAccess(file, arn), {
    ...{ catalog, auth: { kind: "sigv4" } },
    ...{ region: "us-east-1", pathStyle: false },
  });
  assert.deepEqual(findTableAccess(file, `${arn}-2`)?.auth, { kind: "token", token: "t" });
});

test("each mistake about tables is told, and no value of the file with it", () => {
  const cases = [
    [{ [arn]: {} }, "catalog must be an address"],
    [{ [arn]: { catalog: "secret" } }, "catalog must be an address"],
    [{ "arn:aws:s3:::lake": { catalog } }, "is neither the ARN of a table bucket"],
    [{ [arn]: { catalog, auth: "secret" } }, "auth must be"],
    [{ [arn]: { catalog, auth: { token: "secret", clientId: "secret" } } }, "auth must be"],
    [{ [arn]: { catalog, warehouse: 1 } }, "warehouse must be"],
    [{ [arn]: { catalog, uri: "secret" } }, "has a member other than"],
    [{ [arn]: "secret" }, "must be an object"],
    ["secret", "tables must be an object"],
  ] as const;
  for (const [tables, told] of cases) {
    const { problems = [] } = parseChannelsFile({ buckets, tables });
    assert(problems.join().includes(told), `${JSON.stringify(tables)}: ${problems.join()}`);
    assert(!problems.join().includes("secret"), problems.join());
  }
});

test("a bucket may have an owner that is no account, and no other kind of owner", () => {
  const { file } = parseChannelsFile({ buckets: { "*": { endpoint: "http://127.0.0.1:7070", owner: "admin" } } });
  assert.equal(file === undefined ? undefined : findBucketAccess(file, "arn:aws:s3:::lake")?.owner, "admin");
  for (const owner of ["", "two words", 7, null]) {
    const { problems = [] } = parseChannelsFile({ buckets: { "*": { owner } } });
    assert.match(problems.join(), /owner must be what the store calls the owner of the bucket/);
  }
});

test("credentials are keys, a profile or the default chain, and nothing between them", () => {
  const accessOf = (credentials: unknown) => {
    const { file, problems } = parseChannelsFile({ buckets: { "*": { credentials } } });
    return problems?.join() ?? (file === undefined ? undefined : findBucketAccess(file, "arn:aws:s3:::lake"));
  };
  const rest = { region: "us-east-1", pathStyle: false };
  const keys = { accessKeyId: "a", secretAccessKey: "s" };
  assert.deepEqual(accessOf("default"), rest);
  assert.deepEqual(accessOf(keys), { ...rest, credentials: keys });
  assert.deepEqual(accessOf({ ...keys, sessionToken: "t" }), { ...rest, credentials: { ...keys, sessionToken: "t" } });
  assert.deepEqual(accessOf({ profile: "lake writer" }), { ...rest, profile: "lake writer" });
  for (const mistake of [{ ...keys, profile: "p" }, { profile: "" }, { profile: 7 }, { accessKeyId: "a" }, "p", null]) {
    assert.match(String(accessOf(mistake)), /credentials must be "default"/, JSON.stringify(mistake));
  }
});
