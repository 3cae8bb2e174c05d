/** The chart, rendered for four sets of values and held against two versions of the Kubernetes API. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load-config.ts";
import { snippetsIn } from "../../test/system/documents/snippets.ts";
import { root, run } from "../support/run.ts";
import { goTool, packagingPython } from "../support/tools.ts";

const chart = join(root, "deploy/helm/millrace");
const valuesFiles = globSync(join(root, "packaging/helm/values/*.yaml")).sort();
const kubernetesVersions = ["1.27", "1.37"];

async function render(values: string): Promise<string> {
  const helm = await goTool("helm");
  return run(helm, ["template", "demo", chart, "--namespace", "streams", "--values", values]);
}

async function validated(
  manifests: string,
  version: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const python = await packagingPython();
  const { stdout, stderr } = spawnSync(python, [join(root, "packaging/helm/validate.py"), version], {
    input: manifests,
    encoding: "utf8",
  });
  return { stdout, stderr };
}

test("helm lint has no complaint", async () => {
  await run(await goTool("helm"), ["lint", "--strict", "--quiet", chart]);
});

test("there are four sets of values", () => assert.equal(valuesFiles.length, 4));

for (const values of valuesFiles) {
  const name = values.split("/").at(-1);
  test(`the manifests of ${name} are valid, and the server takes their configuration`, async () => {
    const manifests = await render(values);
    for (const version of kubernetesVersions) {
      const { stdout, stderr } = await validated(manifests, version);
      assert.equal(stderr, "");
      assert(Number(stdout) >= 4, stdout);
    }
    const json = /config\.json: \|\n((?: {4}.*\n)+)/.exec(manifests)?.[1] ?? "";
    // The files of secrets are there in the cluster only.
    const settings = Object.entries(JSON.parse(json)).filter(([key]) => !/^(credentials|tls-|nats-creds)/.test(key));
    const text = JSON.stringify({ ...Object.fromEntries(settings), "allow-anonymous": true });
    const nothing = { limits: () => [], credentials: () => [] };
    const { problems } = loadConfig(["--config", "config.json"], {}, () => text, nothing);
    assert.equal(problems, undefined);
  });
}

for (const { name, code, language } of snippetsIn("docs/kubernetes.md")) {
  if (language !== "yaml") continue;
  test(`the values of ${name} are valid`, async (t) => {
    const values = join(mkdtempSync(join(tmpdir(), "millrace-values-")), "values.yaml");
    t.after(() => rmSync(join(values, ".."), { recursive: true }));
    writeFileSync(values, code);
    const { stderr } = await validated(await render(values), "1.37");
    assert.equal(stderr, "");
  });
}

test("a field that Kubernetes does not have is found, also in a ServiceMonitor", async () => {
  const manifests = await render(join(root, "packaging/helm/values/production.yaml"));
  const wrong = [manifests.replace("  replicas: 1", "  replica: 1"), manifests.replace("interval:", "intervals:")];
  for (const each of wrong) {
    const { stderr } = await validated(each, "1.37");
    assert.match(stderr, /Additional properties are not allowed/);
  }
});
