/** Kinesis Producer Library: its native producer over TLS, aggregated records, through a split and a merge. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Environment, java, type Library, maven, NotRunHere } from "./library.ts";
import { buildJava, javaCommand } from "./maven.ts";
import { sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const cwd = sourcesOf("kpl");
const runMsMax = 180_000;
/** The producer inside the jar is built for these; the one for macOS is for either of its processors. */
const platforms: readonly string[] = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

export const kpl: Library = {
  name: "KPL 1",
  tools: [java, maven],
  async prepare() {
    const platform = `${process.platform}-${process.arch}`;
    if (!platforms.includes(platform)) throw new NotRunHere(`the KPL has no native producer for ${platform}`);
    await buildJava("kpl");
  },
  async run(env: Environment) {
    const directory = mkdtempSync(join(tmpdir(), "millrace-kpl-"));
    try {
      return await runProgram(javaCommand("kpl", "millrace.Main", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"), {
        cwd,
        timeMsMax: runMsMax,
        env: { ...env, MILLRACE_TEMPORARY: directory },
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
