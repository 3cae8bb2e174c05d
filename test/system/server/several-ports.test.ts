import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { type MillraceOptions, startMillrace } from "../../../src/app/in-process-server.ts";
import { StartError } from "../../../src/config/start-error.ts";

async function heldPort(t: TestContext): Promise<{ readonly port: number; readonly free: () => Promise<void> }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const free = async (): Promise<void> => {
    if (server.listening) await once(server.close(), "close");
  };
  t.after(free);
  return { port: address.port, free };
}

function callOn(port: number, region: string): Promise<string> {
  const headers = {
    "x-amz-target": "Kinesis_20131202.ListStreams",
    "content-type": "application/x-amz-json-1.1",
    authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/${region}/kinesis/aws4_request, SignedHeaders=host, Signature=00`,
    "x-amz-date": "20260101T000000Z",
  };
  return fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: "{}" }).then((answer) => answer.text());
}

test("a further port serves the same streams, and both are free after the stop", async (t) => {
  const { port, free } = await heldPort(t);
  await free();
  const streams = ["orders:1", "bills:1:eu-west-1"];
  const millrace = await startMillrace({ host: "127.0.0.1", alsoPort: port, stream: streams });
  for (const each of [port, Number(new URL(millrace.endpoint).port)]) {
    assert.match(await callOn(each, "us-east-1"), /"StreamNames":\["orders"\]/);
    assert.match(await callOn(each, "eu-west-1"), /"StreamNames":\["bills"\]/);
  }
  await millrace.close();
  await assert.rejects(callOn(port, "us-east-1"));
});

test("a further port that is taken fails the start, which leaves no port open", async (t) => {
  const { port } = await heldPort(t);
  const first = await heldPort(t);
  await first.free();
  const start = () => startMillrace({ host: "127.0.0.1", port: first.port, alsoPort: port });
  await assert.rejects(
    start,
    (error) => error instanceof StartError && /in use.* with the option alsoPort$/.test(error.message),
  );
  await assert.rejects(callOn(first.port, "us-east-1"));
});

test("fear: a taken admin port is told as if --port chose it", async (t) => {
  const { port } = await heldPort(t);
  const start = () => startMillrace({ host: "127.0.0.1", adminPort: port } as MillraceOptions);
  await assert.rejects(
    start,
    (error) => error instanceof StartError && /in use.* with the option adminPort$/.test(error.message),
  );
});
