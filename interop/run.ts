/**
 * Runs the Kinesis libraries that people use against the built server, and prints one line for each:
 *
 *   npm run interop              all of them
 *   npm run interop -- kcl go    those whose names contain one of the words
 *   npm run interop -- --cluster java    through two gateways over NATS servers, one chosen at random for each request
 *
 * Each one talks to a server that verifies signatures; those that are quick also to one that takes any. A tool that
 * .ci/tools promises and the machine lacks is a failure; any other that is missing is said, and its libraries not run.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { awsSdkGo } from "./aws-sdk-go.ts";
import { awsSdkJava } from "./aws-sdk-java.ts";
import { boto3 } from "./boto3.ts";
import { cloudWatchExporter } from "./cloudwatch-exporter.ts";
import { documentSnippets } from "./document-snippets.ts";
import { kcl } from "./kcl.ts";
import { kpl } from "./kpl.ts";
import { type Library, NotRunHere, type Tool } from "./library.ts";
import { Millrace } from "./millrace.ts";
import { MillraceCluster } from "./millrace-cluster.ts";
import { otelCollector } from "./otel-collector.ts";

const libraries: readonly Library[] = [
  awsSdkJava,
  awsSdkGo,
  boto3,
  cloudWatchExporter,
  kcl,
  kpl,
  otelCollector,
  documentSnippets,
];
const promised = readFileSync(join(import.meta.dirname, "..", ".ci", "tools"), "utf8");

const { values: flags, positionals } = parseArgs({
  options: { cluster: { type: "boolean", default: false } },
  allowPositionals: true,
});

type Outcome = "ok" | "failed" | "not run here";

async function outcomeOf(library: Library): Promise<{ readonly outcome: Outcome; readonly words: string }> {
  const missing = library.tools.filter((tool) => !isHere(tool));
  if (missing.length > 0) {
    const outcome = missing.some((tool) => promised.includes(`need "${tool.name}"`)) ? "failed" : "not run here";
    return { outcome, words: `tool missing: ${missing.map((tool) => tool.name).join(", ")}` };
  }
  try {
    await library.prepare();
    const plain = library.isSlow ? "" : `any signature: ${await runAgainst(library, { verify: false })} · `;
    const verified = await runAgainst(library, { verify: true });
    return { outcome: "ok", words: `${plain}verified: ${verified}` };
  } catch (error) {
    if (error instanceof NotRunHere) return { outcome: "not run here", words: error.message };
    return { outcome: "failed", words: error instanceof Error ? error.message : String(error) };
  }
}

async function runAgainst(library: Library, options: { readonly verify: boolean }): Promise<string> {
  await using millrace = flags.cluster ? await MillraceCluster.start(options) : await Millrace.start(options);
  const printed = await library.run(millrace.environment);
  const words = printed.trim().replaceAll("\n", ", ");
  return millrace instanceof MillraceCluster ? `${words}, ${millrace.counts.join(" and ")} requests` : words;
}

function isHere({ command: [file, ...args] }: Tool): boolean {
  return spawnSync(file, args, { stdio: "ignore" }).status === 0;
}

const wanted = positionals.map((word) => word.toLowerCase());
const chosen = libraries.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word)),
);
let failedCount = chosen.length === 0 ? 1 : 0;
for (const library of chosen) {
  const startMs = performance.now();
  const { outcome, words } = await outcomeOf(library);
  if (outcome === "failed") failedCount += 1;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`${outcome.padEnd(12)} ${library.name} (${seconds} s): ${words}\n`);
}
process.exitCode = failedCount === 0 ? 0 : 1;
