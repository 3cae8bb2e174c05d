import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import http2 from "node:http2";
import https from "node:https";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import tls from "node:tls";
import { issueCertificate } from "../../src/server/issue-certificate.ts";
import { ownCaFile, ownCertificate } from "../../src/server/own-certificate.ts";
import { elapsedMs, rawConnection, readToClose, request2, startListener, until } from "./listener.ts";

const dayMs = 24 * 60 * 60 * 1000;

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-tls-"));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function get(url: string, options: https.RequestOptions): Promise<number | undefined> {
  const request = https.get(url, { agent: false, ...options });
  const [response] = (await once(request, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("the certificate made on the first hello is trusted by its CA file under every loopback name", async (t) => {
  const dataDir = await temporaryDirectory(t);
  const { port } = await startListener(t, { dataDir });
  const first = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(first, "secureConnect");
  first.destroy();
  const ca = await readFile(join(dataDir, ownCaFile));
  for (const name of ["localhost", "127.0.0.1", "::1", hostname()]) {
    // The address is given apart, so that the name is checked even where it does not resolve.
    const host = tls.connect({
      port,
      host: "127.0.0.1",
      servername: name.includes(":") || /^\d/.test(name) ? "" : name,
      ca,
      checkServerIdentity: (_, cert) => tls.checkServerIdentity(name, cert),
    });
    await once(host, "secureConnect");
    assert.equal(host.authorized, true, name);
    host.destroy();
  }
});

test("HTTP/1.1 and HTTP/2 are both served over TLS, as ALPN agrees", async (t) => {
  const dataDir = await temporaryDirectory(t);
  const listening = await startListener(t, { dataDir });
  await ownCertificate({ dataDir, nowMs: Date.now() });
  const ca = await readFile(join(dataDir, ownCaFile));
  assert.equal(await get(`https://localhost:${listening.port}/`, { ca, host: "127.0.0.1" }), 200);
  const session = http2.connect(`https://localhost:${listening.port}`, { ca, host: "127.0.0.1" });
  t.after(() => session.destroy());
  const payload = Buffer.alloc(900_000, 7);
  assert.ok((await request2(session, { payload })).body.equals(payload));
  assert.equal(session.alpnProtocol, "h2");
  assert.ok((await elapsedMs(() => listening.close({ graceMs: 60_000 }))) < 3_000);
});

test("a client that offers no ALPN gets HTTP/1.1", async (t) => {
  const { port } = await startListener(t);
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await readToClose(socket), /^HTTP\/1\.1 200 OK/);
});

test("TLS before 1.2 is refused", async (t) => {
  const { port } = await startListener(t);
  const socket = tls.connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    maxVersion: "TLSv1.1",
    minVersion: "TLSv1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  await assert.rejects(once(socket, "secureConnect"));
});

test("what is no TLS after its first byte is closed", async (t) => {
  const listening = await startListener(t);
  const socket = await rawConnection(t, listening.port);
  socket.write(Buffer.concat([Buffer.of(0x16, 0x03, 0x01, 0x00, 0x10), Buffer.alloc(64)]));
  await readToClose(socket);
  await until(() => listening.figures()["connections"] === 0);
});

test("a given certificate is used instead", async (t) => {
  const issued = await issueCertificate({
    names: ["kinesis.test"],
    addresses: [],
    notBeforeMs: Date.now() - dayMs,
    lifeMs: 2 * dayMs,
  });
  const { port } = await startListener(t, { tls: issued });
  assert.equal(await get(`https://127.0.0.1:${port}/`, { ca: issued.ca, servername: "kinesis.test" }), 200);
});

test("the made certificate is kept, its key for this user only, and used again after a restart", async (t) => {
  const dataDir = await temporaryDirectory(t);
  const nowMs = Date.now();
  const first = await ownCertificate({ dataDir, nowMs });
  const second = await ownCertificate({ dataDir, nowMs: nowMs + dayMs });
  assert.deepEqual(second, first);
  assert.equal((await stat(join(dataDir, "tls", "server.key"))).mode & 0o777, 0o600);
});

test("the made certificate is replaced before it ends, when the machine is renamed, or when it is damaged", async (t) => {
  const dataDir = await temporaryDirectory(t);
  const nowMs = Date.now();
  const first = await ownCertificate({ dataDir, nowMs, machineName: "mill-1" });
  const renamed = await ownCertificate({ dataDir, nowMs, machineName: "mill-2" });
  assert.notEqual(renamed.cert, first.cert);
  assert.equal(new X509Certificate(renamed.cert).checkHost("mill-2"), "mill-2");
  const late = await ownCertificate({ dataDir, nowMs: nowMs + 800 * dayMs, machineName: "mill-2" });
  assert.notEqual(late.cert, renamed.cert);
  await rm(join(dataDir, "tls", "server.key"));
  assert.notEqual(
    (await ownCertificate({ dataDir, nowMs: nowMs + 800 * dayMs, machineName: "mill-2" })).cert,
    late.cert,
  );
});

test("without a data directory the certificate stays in memory", async () => {
  const made = await ownCertificate({ dataDir: undefined, nowMs: Date.now(), machineName: "Not a host name!" });
  const certificate = new X509Certificate(made.cert);
  assert.equal(certificate.subjectAltName, "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(certificate.ca, false);
});

test("a directory that cannot be written costs the TLS client its connection, not the server", async (t) => {
  const listening = await startListener(t, { dataDir: "/dev/null/no-directory" });
  const socket = tls.connect({ port: listening.port, host: "127.0.0.1", rejectUnauthorized: false });
  await assert.rejects(once(socket, "secureConnect"));
  const plain = await rawConnection(t, listening.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await readToClose(plain), /^HTTP\/1\.1 200 OK/);
});
