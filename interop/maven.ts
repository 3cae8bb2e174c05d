import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheOf, sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

// A first build downloads a hundred jars or two.
const buildMsMax = 900_000;
const heapMax = "-Xmx1g";

/** Builds a folder with a pom.xml, unless nothing has changed and its jars are still there. */
export async function buildJava(library: string): Promise<void> {
  const cwd = sourcesOf(library);
  const built = join(cacheOf(library), "built-from");
  const fingerprint = fingerprintOf(cwd);
  if (existsSync(built) && readFileSync(built, "utf8") === fingerprint && jarsOf(library).every(existsSync)) return;
  await runProgram(["mvn", "--batch-mode", "--quiet", "clean", "compile"], { cwd, timeMsMax: buildMsMax });
  writeFileSync(built, fingerprint);
}

/** The command that runs a class of it. */
export function javaCommand(library: string, mainClass: string, ...options: readonly string[]): [string, ...string[]] {
  const classpath = [join(cacheOf(library), "classes"), ...jarsOf(library)].join(delimiter);
  return ["java", heapMax, ...options, "-cp", classpath, mainClass];
}

/** The files of its classpath. */
export function jarsOf(library: string): readonly string[] {
  return readFileSync(join(cacheOf(library), "classpath"), "utf8")
    .trim()
    .split(delimiter);
}

function fingerprintOf(folder: string): string {
  const hash = createHash("sha256");
  for (const file of globSync("**/*.{xml,java}", { cwd: folder }).sort())
    hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}
