import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Signed in form, as a server without a credentials file asks for. */
export function headersFor(operation: string): Record<string, string> {
  return {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": `Kinesis_20131202.${operation}`,
    "X-Amz-Date": "20261121T000000Z",
    Authorization:
      "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00",
  };
}

export async function call<Output>(endpoint: string, operation: string, input: object): Promise<Output> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: headersFor(operation),
    body: JSON.stringify(input),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${operation}: ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Output;
}

interface Summary {
  readonly StreamDescriptionSummary: { readonly StreamStatus: string; readonly StreamARN: string };
}

/** The stream's ARN, once it is ACTIVE. */
export async function activeStreamArn(endpoint: string, StreamName: string): Promise<string> {
  for (;;) {
    const { StreamDescriptionSummary } = await call<Summary>(endpoint, "DescribeStreamSummary", { StreamName });
    if (StreamDescriptionSummary.StreamStatus === "ACTIVE") return StreamDescriptionSummary.StreamARN;
    await pause(5);
  }
}

/** The ARN of a new consumer, once it is ACTIVE. */
export async function activeConsumerArn(endpoint: string, StreamARN: string, ConsumerName: string): Promise<string> {
  interface Described {
    readonly ConsumerDescription: { readonly ConsumerStatus: string; readonly ConsumerARN: string };
  }
  await call(endpoint, "RegisterStreamConsumer", { StreamARN, ConsumerName });
  for (;;) {
    const described = await call<Described>(endpoint, "DescribeStreamConsumer", { StreamARN, ConsumerName });
    if (described.ConsumerDescription.ConsumerStatus === "ACTIVE") return described.ConsumerDescription.ConsumerARN;
    await pause(5);
  }
}
