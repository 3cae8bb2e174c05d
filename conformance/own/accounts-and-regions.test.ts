import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jsonContentType } from "../support/call.ts";
import { send } from "../support/send.ts";
import { signRequest } from "../support/sign-request.ts";
import { uniqueName } from "../support/stream-fixture.ts";
import { target } from "../support/target.ts";

interface Owner {
  readonly accessKeyId: string;
  readonly region: string;
}

async function callAs(owner: Owner, operation: string, input: object): Promise<Record<string, unknown>> {
  const where = { ...target(), ...owner };
  const body = JSON.stringify(input);
  const headers = { "Content-Type": jsonContentType, "X-Amz-Target": `Kinesis_20131202.${operation}` };
  const { text } = await send(where.endpoint, {
    headers: signRequest({ headers, body, now: new Date() }, where),
    body,
  });
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

describe("Accounts and regions", () => {
  test("an access key id of twelve digits is an account, and streams of one name live side by side", async () => {
    const StreamName = uniqueName();
    const owners: readonly Owner[] = [
      { accessKeyId: "111111111111", region: "eu-west-1" },
      { accessKeyId: "222222222222", region: "eu-west-1" },
      { accessKeyId: "111111111111", region: "us-west-2" },
    ];
    for (const [i, owner] of owners.entries()) {
      assert.deepEqual(await callAs(owner, "CreateStream", { StreamName, ShardCount: i + 1 }), {});
    }
    for (const [i, { accessKeyId, region }] of owners.entries()) {
      const owner = { accessKeyId, region };
      const description = () => callAs(owner, "DescribeStreamSummary", { StreamName });
      let summary = (await description())["StreamDescriptionSummary"] as Record<string, unknown>;
      while (summary["StreamStatus"] === "CREATING") {
        summary = (await description())["StreamDescriptionSummary"] as Record<string, unknown>;
      }
      assert.equal(summary["StreamARN"], `arn:aws:kinesis:${region}:${accessKeyId}:stream/${StreamName}`);
      assert.equal(summary["OpenShardCount"], i + 1);
      assert.deepEqual((await callAs(owner, "ListStreams", {}))["StreamNames"], [StreamName]);
    }
    const elsewhere = { accessKeyId: "222222222222", region: "us-west-2" };
    assert.deepEqual((await callAs(elsewhere, "ListStreams", {}))["StreamNames"], []);
    for (const owner of owners) await callAs(owner, "DeleteStream", { StreamName });
  });
});
