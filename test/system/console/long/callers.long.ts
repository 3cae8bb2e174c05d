/** The console with verified signatures, and on the admin port. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { accessibilityFaults, TestBrowser } from "../../../support/chromium.ts";
import { freePort } from "../../../support/free-ports.ts";
import { ServerProcess } from "../../../support/start-server.ts";

const browser = new TestBrowser();
const account = "111122223333";
const owner = { accessKeyId: "AKIAEXAMPLEOWNER", secretAccessKey: "the-secret-of-the-owner", account };
const reader = {
  ...{ accessKeyId: "AKIAEXAMPLEREADER", secretAccessKey: "the-secret-of-the-reader", account, user: "reader" },
  policies: [
    {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["kinesis:List*", "kinesis:Describe*", "kinesis:Get*"], Resource: "*" }],
    },
  ],
};

function credentialsFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-console-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "keys.json");
  writeFileSync(path, JSON.stringify({ credentials: [owner, reader] }), { mode: 0o600 });
  return path;
}

async function signIn(
  page: Page,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  await page.getByRole("button", { name: "Enter an access key" }).click();
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.getByLabel("Access key id").fill(key.accessKeyId);
  await page.getByLabel("Secret access key").fill(key.secretAccessKey);
  await page.getByRole("button", { name: "Use this key" }).click();
}

async function putThroughThePage(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/console/#/stream/orders/put`);
  await page.getByLabel("Partition key").fill("signed");
  await page.getByRole("button", { name: "Put", exact: true }).click();
}

for (const [where, args] of [
  ["on its own port", []],
  ["on the admin port of a server beyond loopback", ["--host", "0.0.0.0"]],
] as const) {
  test(`the page signs its calls in the browser, ${where}`, async (t) => {
    const opened = await browser.open(t);
    if (opened === undefined) return;
    const { page } = opened;
    const adminPort = args.length > 0 ? await freePort() : undefined;
    const admin = adminPort === undefined ? [] : ["--admin-port", String(adminPort)];
    const all = ["--credentials", credentialsFile(t), "--account", account, "--stream", "orders:2", ...args, ...admin];
    await using server = await ServerProcess.start({ args: all });
    const base = adminPort === undefined ? server.endpoint : `http://127.0.0.1:${adminPort}`;
    await page.goto(`${base}/console/`);
    await signIn(page, { ...owner, secretAccessKey: "wrong" });
    await page
      .getByRole("alert")
      .getByText("SignatureDoesNotMatch", { exact: false })
      .or(page.getByRole("alert").getByText("InvalidSignature", { exact: false }))
      .waitFor();
    await page.getByLabel("Secret access key").fill(owner.secretAccessKey);
    await page.getByRole("button", { name: "Use this key" }).click();
    await page.getByRole("link", { name: "orders" }).waitFor();
    await putThroughThePage(page, base);
    await page.getByRole("link", { name: "Show it" }).click();
    await page.getByRole("complementary", { name: "Record" }).getByText("signed").waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    assert.equal(await page.evaluate("JSON.stringify(localStorage).includes('secret')"), false);
    if (adminPort === undefined) return;
    const outside = await fetch(`${server.endpoint.replace("0.0.0.0", "127.0.0.1")}/console/`);
    assert.notEqual(outside.status, 200, "the main port has no console");
  });
}

test("a caller who may only read is told so when a put is refused", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  const { page } = opened;
  const args = ["--credentials", credentialsFile(t), "--account", account, "--stream", "orders:2"];
  await using server = await ServerProcess.start({ args });
  await page.goto(`${server.endpoint}/console/`);
  await signIn(page, reader);
  await page.getByRole("link", { name: "orders" }).waitFor();
  await putThroughThePage(page, server.endpoint);
  await page.getByRole("alert").getByText("not authorized to perform: kinesis:PutRecord", { exact: false }).waitFor();
});
