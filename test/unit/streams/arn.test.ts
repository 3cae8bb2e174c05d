import assert from "node:assert/strict";
import { test } from "node:test";
import { consumerArn, parseConsumerArn, parseStreamArn, streamArn } from "../../../src/streams/arn.ts";

const account = "123456789012";

test("the partition follows from the region", () => {
  const partitions = {
    "eu-west-1": "aws",
    "us-east-1": "aws",
    "cn-north-1": "aws-cn",
    "us-gov-west-1": "aws-us-gov",
    "us-iso-east-1": "aws-iso",
    "us-isob-east-1": "aws-iso-b",
    "eusc-de-east-1": "aws-eusc",
  };
  for (const [region, partition] of Object.entries(partitions)) {
    const arn = streamArn({ account, region, name: "a.b_c-d" });
    assert.equal(arn, `arn:${partition}:kinesis:${region}:${account}:stream/a.b_c-d`);
    assert.deepEqual(parseStreamArn(arn), { account, region, name: "a.b_c-d" });
  }
});

test("a consumer's ARN survives parsing and is no stream's", () => {
  const consumer = { account, region: "eu-west-1", name: "orders", consumerName: "billing", createdSecond: 1600000000 };
  const arn = consumerArn(consumer);
  assert.equal(arn, `arn:aws:kinesis:eu-west-1:${account}:stream/orders/consumer/billing:1600000000`);
  assert.deepEqual(parseConsumerArn(arn), consumer);
  assert.equal(parseStreamArn(arn), undefined);
});

test("other ARNs are refused", () => {
  for (const arn of [
    "",
    "orders",
    `arn:aws:kinesis:eu-west-1:${account}:stream/`,
    `arn:aws:kinesis:eu-west-1:1234:stream/orders`,
    `arn:aws:sqs:eu-west-1:${account}:stream/orders`,
    `arn:aws:kinesis:eu-west-1:${account}:stream/a b`,
    `arn:gcp:kinesis:eu-west-1:${account}:stream/orders`,
    `arn:aws:kinesis:eu-west-1:${account}:stream/orders\n`,
  ]) {
    assert.equal(parseStreamArn(arn), undefined, arn);
    assert.equal(parseConsumerArn(arn), undefined, arn);
  }
});
