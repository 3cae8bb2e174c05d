import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { requestFinished } from "../../../src/telemetry/diagnostic-events.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { type SignedRequest, signRequest } from "../../support/signed-request.ts";
import { startVerified } from "../../support/verified-server.ts";

const kib = 1024;
const alice = { accessKeyId: "ALICE", secretAccessKey: "alice", account: "111111111111" };
const mallory = { ...alice, secretAccessKey: "wrong" };
const target = "Kinesis_20131202.PutRecords";
const unsigned = (body: string): SignedRequest => {
  const { authorization: _, ...headers } = signRequest(alice, "", { target }).headers;
  return { method: "POST", url: "/", headers, body: Buffer.from(body) };
};
const malformed = (bytes: number): string => "[".repeat(bytes);

async function connect(t: TestContext): Promise<{ readonly connection: RawConnection; readonly port: number }> {
  const server = await startVerified([alice]);
  t.after(() => server[Symbol.asyncDispose]());
  const connection = await RawConnection.open(server.port);
  t.after(() => connection.close());
  return { connection, port: server.port };
}

test("a fault in a body of 64 KiB comes before authentication, in a larger one behind it", async (t) => {
  const { connection } = await connect(t);
  const typeOf = async (request: SignedRequest): Promise<string> => (await connection.send(request)).type;
  assert.equal(await typeOf(unsigned(malformed(64 * kib))), "SerializationException");
  assert.equal(await typeOf(unsigned(malformed(64 * kib + 1))), "MissingAuthenticationTokenException");
  assert.equal(await typeOf(signRequest(mallory, malformed(64 * kib), { target })), "SerializationException");
  assert.equal(await typeOf(signRequest(mallory, malformed(64 * kib + 1), { target })), "InvalidSignatureException");
  assert.equal(await typeOf(signRequest(alice, malformed(64 * kib + 1), { target })), "SerializationException");
  const unknown = { ...alice, accessKeyId: "BOB" };
  assert.equal(await typeOf(signRequest(unknown, malformed(64 * kib + 1), { target })), "UnrecognizedClientException");
});

test("nothing is read of a large body whose signature is missing, late, incomplete or of an unknown key", async (t) => {
  const { connection } = await connect(t);
  const finished: { readonly outcome: string; readonly requestBytes: number }[] = [];
  t.after(requestFinished.subscribe(({ outcome, requestBytes }) => finished.push({ outcome, requestBytes })));
  const body = malformed(900 * kib);
  const requests: readonly SignedRequest[] = [
    unsigned(body),
    signRequest(alice, body, { target, nowMs: 0 }),
    signRequest(alice, body, { target, headers: { "x-amz-more": "1" }, unsigned: ["x-amz-more"] }),
    signRequest({ ...alice, accessKeyId: "BOB" }, body, { target }),
  ];
  for (const request of requests) assert.equal((await connection.send(request)).status, 400);
  assert.deepEqual(finished, [
    { outcome: "MissingAuthenticationTokenException", requestBytes: 0 },
    { outcome: "InvalidSignatureException", requestBytes: 0 },
    { outcome: "InvalidSignatureException", requestBytes: 0 },
    { outcome: "UnrecognizedClientException", requestBytes: 0 },
  ]);
});

test("an operation that stores no records takes no body of megabytes", async (t) => {
  const { connection, port } = await connect(t);
  const body = JSON.stringify({ StreamName: "a", Unknown: "a".repeat(1100 * kib) });
  const list = { target: "Kinesis_20131202.ListStreams" };
  assert.equal((await connection.send(signRequest(alice, body, { target }))).type, "ValidationException");
  assert.equal(
    (await connection.send(signRequest(alice, body.slice(0, 1000 * kib), list))).type,
    "SerializationException",
  );
  const { method, headers } = signRequest(alice, body, list);
  assert.equal((await fetch(`http://127.0.0.1:${port}`, { method, headers, body })).status, 413);
});
