import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { natsServerPath } from "../../../scripts/get-nats-server.ts";
import { JetStreamEngine } from "../../../src/engine/jetstream/jetstream-engine.ts";
import { issueCertificate } from "../../../src/server/tls/issue-certificate.ts";
import { freePorts } from "../../support/free-ports.ts";
import { hasNatsServer } from "../../support/nats-servers.ts";

const deployed = join(import.meta.dirname, "../../../deploy/cluster");

test("a server with the configuration of deploy/cluster takes gateways over TLS, and no others", async (t) => {
  if (!hasNatsServer(t)) return;
  const folder = mkdtempSync(join(tmpdir(), "millrace-deployed-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(deployed, folder, { recursive: true });
  const { cert, key, ca } = await issueCertificate({
    names: ["localhost"],
    addresses: ["127.0.0.1"],
    notBeforeMs: Date.now() - 60_000,
    lifeMs: 3_600_000,
  });
  for (const [name, text] of [
    ["server.pem", cert],
    ["server.key", key],
    ["ca.pem", ca],
  ] as const) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  const [port = 0, monitor = 0] = await freePorts(2);
  const file = join(folder, "nats-server.conf");
  const text = readFileSync(file, "utf8")
    .replaceAll("/etc/nats/", `${folder}/`)
    .replace("/var/lib/nats", join(folder, "data"))
    .replace("0.0.0.0:4222", `127.0.0.1:${port}`)
    .replace("0.0.0.0:8222", `127.0.0.1:${monitor}`);
  // One server alone: the others are on other machines.
  const alone = text.replace(/^cluster \{\n(?:.*\n)*?^\}\n/m, "");
  assert.notEqual(alone, text);
  writeFileSync(file, alone);
  const env = { ...process.env, GATEWAY_PASSWORD: "secret" };
  const server = spawn(natsServerPath, ["--config", file], { env, stdio: "ignore" });
  t.after(async () => {
    const gone = once(server, "exit");
    if (server.kill("SIGTERM")) await gone;
  });
  const url = `tls://gateway:secret@127.0.0.1:${port}`;
  const open = async (urls: readonly string[], tls: { readonly ca?: string }): Promise<JetStreamEngine> => {
    const engine = new JetStreamEngine({
      address: { urls, tls },
      prefix: "millrace",
      nowMs: Date.now,
      monitorUrls: [`http://127.0.0.1:${monitor}`],
      assumesFsync: false,
      allowsDegraded: true,
    });
    await engine.open();
    return engine;
  };
  while (!(await isHealthy(monitor))) await new Promise((resolve) => setTimeout(resolve, 20));
  const engine = await open([url], { ca });
  const shard = await engine.log.createShard("stream", 0, { openShardCount: 1 });
  const [outcome] = await engine.log.append([{ shard, entry: { count: 1, timeMs: 1, body: Buffer.from("x") } }]);
  assert.equal(outcome?.kind, "stored");
  const { degraded } = await engine.health();
  assert.doesNotMatch(degraded.join("\n"), /sync/, "the monitoring endpoint says that it syncs");
  await engine.close();
  await assert.rejects(open([url], {}), /No NATS server can be reached/, "an unknown authority");
  await assert.rejects(open([url.replace("secret", "wrong")], { ca }), /No NATS server can be reached/);
});

test("NATS accepts the files for Docker Compose and for loopback", (t) => {
  if (!hasNatsServer(t)) return;
  for (const name of ["compose.conf", "loopback.conf"]) {
    const { status, stderr } = spawnSync(natsServerPath, ["-t", "--name", "n", "--config", join(deployed, name)], {
      encoding: "utf8",
      env: { ...process.env, GATEWAY_PASSWORD: "secret" },
    });
    assert.equal(status, 0, stderr);
  }
});

async function isHealthy(monitor: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${monitor}/healthz`).catch(() => undefined);
  return response?.ok === true;
}
