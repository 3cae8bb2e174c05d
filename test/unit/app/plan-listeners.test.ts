import assert from "node:assert/strict";
import { test } from "node:test";
import { planListeners } from "../../../src/app/plan-listeners.ts";
import { type Config, configDefaults } from "../../../src/config/config.ts";

const credentials = { path: "credentials.json", json: {} };
const admin = { port: 9100, hosts: ["metrics.internal"] };
const everywhere = ["0.0.0.0"];

/** Whether the main port serves admin paths, and whether an admin port does; undefined: there is none. */
type Row = readonly [when: string, settings: Partial<Config>, onMain: boolean, onAdmin: boolean | undefined];

const table: readonly Row[] = [
  ["by default", {}, true, undefined],
  ["with --admin-port", { admin }, false, true],
  ["with verified signatures on loopback", { credentials }, true, undefined],
  ["with verified signatures beyond loopback", { credentials, hosts: everywhere }, false, undefined],
  ["with one host of two beyond loopback", { credentials, hosts: ["127.0.0.1", "10.0.0.7"] }, false, undefined],
  ["beyond loopback with --allow-anonymous", { hosts: everywhere, allowAnonymous: true }, true, undefined],
  ["with verified signatures beyond loopback and --admin-port", { credentials, hosts: everywhere, admin }, false, true],
];

for (const [when, settings, onMain, onAdmin] of table) {
  const where = onMain ? "on the main port" : onAdmin === true ? "on the admin port only" : "on no port";
  test(`admin paths are ${where} ${when}`, () => {
    const plans = planListeners({ ...configDefaults, ...settings });
    assert.equal(plans.main.rules.servesAdmin, onMain);
    assert.equal(plans.admin?.rules.servesAdmin, onAdmin);
  });
}

test("the API is on the main port only", () => {
  const plans = planListeners({ ...configDefaults, admin });
  assert.equal(plans.main.rules.servesApi, true);
  assert.equal(plans.admin?.rules.servesApi, false);
});

test("only the admin port has admin hosts, and it allows no origin beyond loopback", () => {
  const plans = planListeners({ ...configDefaults, credentials, admin, corsOrigins: ["https://app.example"] });
  assert.deepEqual(plans.main.rules.adminHosts, []);
  assert.deepEqual(plans.main.rules.origins, { verifiesSignatures: true, corsOrigins: ["https://app.example"] });
  assert.deepEqual(plans.admin?.rules.adminHosts, ["metrics.internal"]);
  assert.deepEqual(plans.admin?.rules.origins, { verifiesSignatures: false, corsOrigins: [] });
});

test("dev endpoints exist with --dev only", () => {
  assert.equal(planListeners({ ...configDefaults, admin }).admin?.rules.servesDev, false);
  assert.equal(planListeners({ ...configDefaults, admin, dev: true }).admin?.rules.servesDev, true);
  assert.equal(planListeners({ ...configDefaults, dev: true }).main.rules.servesDev, true);
});

test("hosts, ports and certificates are those of the configuration", () => {
  const tls = { certificatePath: "c.pem", certificatePem: "c", keyPath: "k.pem", keyPem: "k" };
  const plans = planListeners({ ...configDefaults, hosts: ["::1"], port: 0, tls, admin, dataDirectory: "data" });
  assert.deepEqual([plans.main.hosts, plans.main.port, plans.main.tls], [["::1"], 0, tls]);
  assert.deepEqual([plans.admin?.hosts, plans.admin?.port, plans.admin?.tls], [["metrics.internal"], 9100, undefined]);
  assert.equal(plans.main.certificateDirectory, "data");
  assert.equal(plans.admin?.certificateDirectory, undefined);
  assert.equal(planListeners({ ...configDefaults, engine: "memory" }).main.certificateDirectory, undefined);
});
