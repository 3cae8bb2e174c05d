import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import http2 from "node:http2";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { type TestContext, test } from "node:test";
import tls from "node:tls";
import { CertificateReloader } from "../../../src/server/tls/certificate-reloader.ts";
import { issueCertificate } from "../../../src/server/tls/issue-certificate.ts";
import { selfSignedCaFile, selfSignedCertificate } from "../../../src/server/tls/self-signed-certificate.ts";
import { type CertificateReloaded, certificateReloaded } from "../../../src/telemetry/diagnostic-events.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { endlessGraceMs, rawConnection, readToClose, request2, startListener, until } from "./listener.ts";

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
  const ca = await readFile(join(dataDir, selfSignedCaFile));
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
  await selfSignedCertificate({ dataDir, nowMs: Date.now() });
  const ca = await readFile(join(dataDir, selfSignedCaFile));
  assert.equal(await get(`https://localhost:${listening.port}/`, { ca, host: "127.0.0.1" }), 200);
  const session = http2.connect(`https://localhost:${listening.port}`, { ca, host: "127.0.0.1" });
  t.after(() => session.destroy());
  const payload = Buffer.alloc(900_000, 7);
  assert.ok((await request2(session, { payload })).body.equals(payload));
  assert.equal(session.alpnProtocol, "h2");
  await listening.close({ graceMs: endlessGraceMs });
});

test("a client that offers no ALPN gets HTTP/1.1", async (t) => {
  const { port } = await startListener(t);
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await readToClose(socket), /^HTTP\/1\.1 200 OK/);
});

test("a client that offers no ALPN and begins with HTTP/2's preface gets HTTP/2, as the AWS SDK for Java expects", async (t) => {
  const { port } = await startListener(t);
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  assert.equal(socket.alpnProtocol, false);
  // Node's client refuses to speak HTTP/2 over TLS that has not agreed on it; over any other stream it does not ask.
  const carrier = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
  });
  socket.on("data", (chunk: Buffer) => carrier.push(chunk));
  // However it ends; a request that was cut short fails by itself.
  socket.on("error", () => carrier.destroy());
  const session = http2.connect("http://localhost", { createConnection: () => carrier });
  t.after(() => session.destroy());
  const payload = Buffer.alloc(900_000, 7);
  assert.ok((await request2(session, { payload })).body.equals(payload));
});

test("TLS that carries TLS is closed", async (t) => {
  const { port } = await startListener(t);
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.write(Buffer.of(0x16, 0x03, 0x01));
  await readToClose(socket);
});

/** Rejects when the server does not agree to this very version. */
async function shakeHands(port: number, version: tls.SecureVersion): Promise<string | null> {
  const socket = tls.connect({
    ...{ port, host: "127.0.0.1", rejectUnauthorized: false },
    ...{ minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" },
  });
  await once(socket, "secureConnect");
  const agreed = socket.getProtocol();
  socket.destroy();
  return agreed;
}

/** Whether this machine's own OpenSSL can still speak the version: a refusal of the client's would prove nothing. */
async function canSpeak(t: TestContext, version: tls.SecureVersion): Promise<boolean> {
  const { cert, key } = await selfSignedCertificate({ dataDir: undefined, nowMs: Date.now() });
  const server = tls.createServer({ cert, key, minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return (await shakeHands((server.address() as AddressInfo).port, version)) === version;
}

for (const version of ["TLSv1", "TLSv1.1"] as const) {
  test(`${version} is refused, though the client offers it`, async (t) => {
    assert(await canSpeak(t, version));
    const { port } = await startListener(t);
    await assert.rejects(shakeHands(port, version), { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
  });
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`${version} is spoken`, async (t) => {
    const { port } = await startListener(t);
    assert.equal(await shakeHands(port, version), version);
  });
}

test("TLS 1.2 is spoken without CBC", async (t) => {
  const { port } = await startListener(t);
  const connect = async (ciphers: string): Promise<string> => {
    const socket = tls.connect({
      ...{ port, host: "127.0.0.1", rejectUnauthorized: false },
      ...{ maxVersion: "TLSv1.2", ciphers: `${ciphers}:@SECLEVEL=0` },
    });
    await once(socket, "secureConnect");
    const { name } = socket.getCipher();
    socket.destroy();
    return name;
  };
  for (const suite of ["AES128-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"]) {
    await assert.rejects(connect(suite), /handshake failure/, suite);
  }
  assert.match(await connect("ECDHE+AESGCM"), /GCM/);
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

/** Two files with a certificate for the name, watched as the server does; `look` lets the watch look at them twice. */
async function watchedFiles(t: TestContext, name: string) {
  const directory = await temporaryDirectory(t);
  const [certificatePath, keyPath] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const issue = (names: readonly string[]) =>
    issueCertificate({ names, addresses: [], notBeforeMs: Date.now() - dayMs, lifeMs: 2 * dayMs });
  const write = async ({ cert, key }: { readonly cert: string; readonly key: string }) => {
    await writeFile(certificatePath, cert);
    await writeFile(keyPath, key);
  };
  const first = await issue([name]);
  await write(first);
  const listening = await startListener(t, { tls: first });
  const clock = new SimulatedClock();
  const reloads: CertificateReloaded[] = [];
  t.after(certificateReloaded.subscribe((reload) => reloads.push(reload)));
  const tlsFiles = { certificatePath, certificatePem: first.cert, keyPath, keyPem: first.key };
  const files = new CertificateReloader(tlsFiles, clock, (certificate) => listening.useCertificate(certificate));
  t.after(() => files.close());
  const look = async (times: number) => {
    for (let time = 0; time < times; time++) {
      await until(() => clock.pendingDelayCount > 0);
      await clock.advance(2_000);
    }
    await until(() => clock.pendingDelayCount > 0);
  };
  const nameServed = async (version: tls.SecureVersion = "TLSv1.3") => {
    const socket = tls.connect({
      ...{ port: listening.port, host: "127.0.0.1", rejectUnauthorized: false },
      ...{ minVersion: version, maxVersion: version },
    });
    await once(socket, "secureConnect");
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  };
  /** What the log has been told since it was asked last. */
  const told = () => reloads.splice(0);
  return { certificatePath, keyPath, issue, write, look, told, nameServed, listening };
}

test("a certificate whose files change is used from the next handshake on, and open connections stay", async (t) => {
  const { certificatePath, issue, write, look, told, nameServed, listening } = await watchedFiles(t, "one.test");
  assert.equal(await nameServed(), "DNS:one.test");
  const session = http2.connect(`https://127.0.0.1:${listening.port}`, { rejectUnauthorized: false });
  t.after(() => session.destroy());
  await request2(session, { payload: "before" });
  await look(3);
  assert.deepEqual(told(), []);
  await write(await issue(["two.test"]));
  await look(3);
  assert.deepEqual(told(), [{ path: certificatePath }]);
  assert.equal(await nameServed(), "DNS:two.test");
  assert.equal(await nameServed("TLSv1.2"), "DNS:two.test");
  await assert.rejects(nameServed("TLSv1.1"));
  assert.equal((await request2(session, { payload: "after" })).body.toString(), "after");
});

test("a certificate that changes before anyone has asked for TLS is the first one served", async (t) => {
  const { issue, write, look, nameServed } = await watchedFiles(t, "one.test");
  await write(await issue(["two.test"]));
  await look(3);
  assert.equal(await nameServed(), "DNS:two.test");
});

test("a broken new certificate is told to the log once, and the old one stays in use", async (t) => {
  const { certificatePath, keyPath, issue, write, look, told, nameServed } = await watchedFiles(t, "one.test");
  const next = await issue(["two.test"]);
  for (const spoil of [
    () => writeFile(certificatePath, next.cert),
    () => writeFile(certificatePath, "no certificate"),
    () => writeFile(certificatePath, Buffer.alloc(2 * 1024 * 1024)),
    () => rm(keyPath),
  ]) {
    await spoil();
    await look(4);
    const [first, ...more] = told();
    assert(first?.error instanceof Error);
    assert.deepEqual(more, []);
    assert.equal(await nameServed(), "DNS:one.test");
  }
  await write(next);
  await look(3);
  assert.deepEqual(told(), [{ path: certificatePath }]);
  assert.equal(await nameServed(), "DNS:two.test");
});

test("the made certificate is kept, its key for this user only, and used again after a restart", async (t) => {
  const dataDir = await temporaryDirectory(t);
  const nowMs = Date.now();
  const first = await selfSignedCertificate({ dataDir, nowMs });
  const second = await selfSignedCertificate({ dataDir, nowMs: nowMs + dayMs });
  assert.deepEqual(second, first);
  assert.equal((await stat(join(dataDir, "tls", "server.key"))).mode & 0o777, 0o600);
});

test("the made certificate is replaced before it ends, when the machine is renamed, or when it is damaged", async (t) => {
  const dataDir = await temporaryDirectory(t);
  const nowMs = Date.now();
  const first = await selfSignedCertificate({ dataDir, nowMs, machineName: "mill-1" });
  const renamed = await selfSignedCertificate({ dataDir, nowMs, machineName: "mill-2" });
  assert.notEqual(renamed.cert, first.cert);
  assert.equal(new X509Certificate(renamed.cert).checkHost("mill-2"), "mill-2");
  const late = await selfSignedCertificate({ dataDir, nowMs: nowMs + 800 * dayMs, machineName: "mill-2" });
  assert.notEqual(late.cert, renamed.cert);
  await rm(join(dataDir, "tls", "server.key"));
  assert.notEqual(
    (await selfSignedCertificate({ dataDir, nowMs: nowMs + 800 * dayMs, machineName: "mill-2" })).cert,
    late.cert,
  );
});

test("without a data directory the certificate stays in memory", async () => {
  const made = await selfSignedCertificate({ dataDir: undefined, nowMs: Date.now(), machineName: "Not a host name!" });
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
