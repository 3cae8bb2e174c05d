import assert from "node:assert/strict";
import { test } from "node:test";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { RawConnection } from "../../support/raw-connection.ts";
import { signRequest } from "../../support/signed-request.ts";
import { startVerified } from "../../support/verified-server.ts";

const alice = { accessKeyId: "AKIDALICE", secretAccessKey: "secret", account: "111111111111" };

test("a server with credentials may listen beyond loopback, and then shows no metrics there", async () => {
  await using open = await startVerified([alice], { host: "0.0.0.0" });
  assert.equal((await fetch(`http://127.0.0.1:${open.port}/metrics`)).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${open.port}/health`)).status, 200);
  await using closed = await startVerified([alice]);
  assert.equal((await fetch(`http://127.0.0.1:${closed.port}/metrics`)).status, 200);
});

test("a page of any origin may call a server that verifies signatures, as on AWS", async () => {
  await using server = await startVerified([alice]);
  const connection = await RawConnection.open(server.port);
  const request = signRequest(alice, "{}", { headers: { origin: "https://elsewhere.example" } });
  assert.equal((await connection.send(request)).status, 200);
  const unsigned = { ...request, headers: { ...request.headers, authorization: "" } };
  assert.equal((await connection.send(unsigned)).type, "IncompleteSignatureException");
  connection.close();
});

test("a client whose clock is elsewhere is told so", async () => {
  await using server = await startVerified([alice]);
  const config = { endpoint: server.endpoint, region: "us-east-1", credentials: alice, maxAttempts: 1 };
  const client = new KinesisClient(config);
  const refusal = { name: "InvalidSignatureException", message: /^Signature not yet current: / };
  await assert.rejects(client.send(new ListStreamsCommand({})), refusal);
  client.destroy();
});
