import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { connect, getCACertificates, setDefaultCACertificates } from "node:tls";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { ServerProcess } from "../../support/start-server.ts";
import { sdkDriver } from "./sdk-driver.ts";
import { runWorkload } from "./workload.ts";

const workload = { lineCount: 10_200, callsInFlight: 4, readsEveryTime: true };

test("the AWS SDK for JavaScript with its own HTTP/2 handler does the whole day on http://", async (t) => {
  await using server = await ServerProcess.start();
  const client = sdkDriver({ endpoint: server.endpoint });
  t.after(() => client.close());
  await runWorkload(client, { streamName: "sdk-h2c", ...workload });
});

test("the AWS SDK for JavaScript with its own HTTP/2 handler does the whole day on https://", async (t) => {
  await using server = await ServerProcess.start();
  await trustAuthorityOf(server);
  const client = sdkDriver({ endpoint: server.endpoint.replace("http:", "https:") });
  t.after(() => client.close());
  await runWorkload(client, { streamName: "sdk-h2", ...workload });
});

test("the AWS SDK for JavaScript with NodeHttpHandler does the whole day on http://", async (t) => {
  await using server = await ServerProcess.start();
  const client = sdkDriver({ endpoint: server.endpoint, requestHandler: new NodeHttpHandler() });
  t.after(() => client.close());
  await runWorkload(client, { streamName: "sdk-http-1", ...workload });
});

test("the AWS SDK for JavaScript with NodeHttpHandler does the whole day on https://", async (t) => {
  await using server = await ServerProcess.start();
  await trustAuthorityOf(server);
  const endpoint = server.endpoint.replace("http:", "https:");
  const client = sdkDriver({ endpoint, requestHandler: new NodeHttpHandler() });
  t.after(() => client.close());
  await runWorkload(client, { streamName: "sdk-https-1", ...workload });
});

/** What NODE_EXTRA_CA_CERTS does for a user. The server makes its certificate when the first TLS connection arrives. */
async function trustAuthorityOf(server: ServerProcess): Promise<void> {
  const hello = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
  await once(hello, "secureConnect");
  hello.destroy();
  const authority = await readFile(join(server.dataDir, "tls/ca.pem"), "utf8");
  setDefaultCACertificates([...getCACertificates("default"), authority]);
}
