/** The files of the project that the checks read: hand-written text, without what npm and the tools put beside it. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Path from the project's folder, with slashes → text. */
export type Tree = ReadonlyMap<string, string>;

const folders = "{src,console/src,test,conformance,scripts,bench,interop,wasm,docs,.ci}";
const extensions = "{ts,tsx,css,html,mjs,md,json,sh,java,py,go,mod,xml,txt}";
const patterns = ["*.{md,json}", ".npmrc", ".ci/*", `${folders}/**/*.${extensions}`];

export function readTree(root: string): Tree {
  const found = globSync(patterns, { cwd: root, exclude: ["**/node_modules/**"] });
  const files = [...new Set(found.map((file) => file.replaceAll("\\", "/")))].sort();
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}
