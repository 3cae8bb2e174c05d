/** Makes a test of each snippet of a document. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { awsClis, newestPython, reportMissing } from "../../support/available-tools.ts";
import { hasChannelReaders } from "../../support/channel-readers.ts";
import { hasSeaweed } from "../../support/seaweed-server.ts";
import { type Snippet, snippetsIn } from "./snippets.ts";
import { Workplace } from "./workplace.ts";

export interface Check {
  /** What the machine must have besides Node and a shell. */
  readonly needs?: readonly Tool[];
  /** Executes the snippet and asserts what it has done. */
  readonly run: (snippet: Snippet, place: Workplace, t: TestContext) => Promise<void> | void;
}

/** `queues`: a boto3 and an AWS CLI of PyPI that are new enough to know queues and channels. */
export type Tool = "aws" | "boto3" | "curl" | "go" | "java" | "pyiceberg" | "queues" | "seaweed";

export const isPresent: Readonly<Record<Tool, () => boolean>> = {
  aws: () => awsClis().length > 0,
  boto3: () => newestPython("boto3") !== undefined,
  curl: () => succeeds("curl", "--version"),
  go: () => succeeds("gofmt", "-h"),
  queues: () => newestPython("boto3")?.isNewest === true && newestPython("awscli")?.isNewest === true,
  pyiceberg: () => hasChannelReaders(),
  seaweed: () => hasSeaweed(),
  java: () => succeeds("javac", "-version"),
};

/** By the snippet's name without its document: `One minute with the AWS CLI 1`. */
export function testSnippets(path: string, checks: Readonly<Record<string, Check>>): void {
  const snippets = snippetsIn(path);
  const named = new Map(snippets.map((snippet) => [snippet.name.slice(path.length + 2), snippet]));

  test(`each snippet of ${path} is run here or says why it is not`, () => {
    const run = [...named].filter(([, { notRun }]) => notRun === undefined).map(([name]) => name);
    assert.deepEqual(run.sort(), Object.keys(checks).sort());
  });

  for (const [name, check] of Object.entries(checks)) {
    test(`${path}: ${name}`, async (t) => {
      const snippet = named.get(name);
      assert(snippet !== undefined, `${path} has no such snippet`);
      const missing = (check.needs ?? []).find((tool) => !isPresent[tool]());
      if (missing !== undefined) return reportMissing(t, missing);
      await using place = new Workplace();
      await check.run(snippet, place, t);
    });
  }
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).error === undefined;
}
