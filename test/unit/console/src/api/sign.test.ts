import assert from "node:assert/strict";
import { test } from "node:test";
import { signedHeaders } from "../../../../../console/src/api/sign.ts";
import { signRequest } from "../../../../support/signed-request.ts";

const nowMs = 1_767_225_600_000;

test("the page signs as the server verifies", async () => {
  const key = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a-secret-of-your-own", sessionToken: "token" };
  const target = "Kinesis_20131202.ListStreams";
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  const url = new URL("http://localhost:4567/console/kinesis");
  const signed = await signedHeaders({ url, headers, body: '{"ü":1}' }, key, { region: "eu-west-1", nowMs });
  const expected = signRequest({ ...key, account: "1" } as never, '{"ü":1}', {
    ...{ url: "/console/kinesis", host: "localhost:4567", region: "eu-west-1", nowMs },
  });
  assert.deepEqual({ ...signed, host: "localhost:4567" }, expected.headers);
});
