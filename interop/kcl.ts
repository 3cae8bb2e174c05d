/** Kinesis Client Library 3: two workers, polling over h2c and enhanced fan-out over TLS, while shards split and merge. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDynamoDbLocal, DynamoDbLocal } from "./dynamodb-local.ts";
import { type Environment, java, type Library, maven } from "./library.ts";
import { buildJava, javaCommand } from "./maven.ts";
import { sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const cwd = sourcesOf("kcl");
const runMsMax = 300_000;
const importMsMax = 30_000;
const storePassword = "changeit";

export const kcl: Library = {
  name: "KCL 3",
  tools: [java, maven],
  isSlow: true,
  async prepare() {
    await buildDynamoDbLocal();
    await buildJava("kcl");
  },
  async run(env: Environment) {
    const directory = mkdtempSync(join(tmpdir(), "millrace-kcl-"));
    try {
      // The KCL makes its own HTTP client, which trusts what the JVM trusts.
      const trustStore = join(directory, "trust.p12");
      await importAuthority(env["MILLRACE_CA"] ?? "", trustStore);
      await using dynamoDb = await DynamoDbLocal.start();
      const options = [
        `-Djavax.net.ssl.trustStore=${trustStore}`,
        `-Djavax.net.ssl.trustStorePassword=${storePassword}`,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      ];
      return await runProgram(javaCommand("kcl", "millrace.Main", ...options), {
        cwd,
        timeMsMax: runMsMax,
        env: { ...env, DYNAMODB_ENDPOINT: dynamoDb.endpoint },
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function importAuthority(caFile: string, trustStore: string): Promise<void> {
  const what = ["-importcert", "-noprompt", "-alias", "millrace", "-file", caFile];
  const where = ["-keystore", trustStore, "-storetype", "PKCS12", "-storepass", storePassword];
  await runProgram(["keytool", ...what, ...where], { cwd, timeMsMax: importMsMax });
}
