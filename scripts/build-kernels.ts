/**
 * Compiles wasm/ (AssemblyScript) and writes the module into src/records/kernels.generated.ts, so that neither a start nor
 * an install ever compiles anything. The same sources give the same bytes: `npm run check` builds it anew and compares.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernelMemoryPages } from "../src/records/kernel-memory.ts";

const root = join(import.meta.dirname, "..");
const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
const built = join(root, ".cache/kernels.wasm");
/** What these export, JavaScript may call. */
const entries = [
  "base64",
  "cbor-put-answer",
  "decimal",
  "lay-out",
  "md5",
  "put-answer",
  "record-rows",
  "scan-cbor-put",
  "scan-put",
  "sequence-number",
].map((name) => `wasm/${name}.ts`);
const memoryPages = String(kernelMemoryPages);

mkdirSync(join(root, ".cache"), { recursive: true });
const options = [
  ...entries,
  ...["--outFile", built, "-O3", "--noAssert"],
  // No allocator and no collector: memory is laid out by hand and never grows.
  ...["--runtime", "stub", "--use", "abort=", "--initialMemory", memoryPages, "--maximumMemory", memoryPages],
  // Address 0 stays free: it means "none".
  ...["--memoryBase", "1024", "--enable", "simd", "--enable", "relaxed-simd"],
];
const { status } = spawnSync(process.execPath, [compiler, ...options], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(1);

const binary = readFileSync(built);
const lines = binary.toString("base64").match(/.{1,110}/g) ?? [];
const text = [
  "// Made by scripts/build-kernels.ts from wasm/; not for editing.",
  `/** The module of ${binary.length} bytes, in base64. */`,
  "export const kernelsBase64 =",
  `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
  "",
].join("\n");
writeFileSync(join(root, "src/records/kernels.generated.ts"), text);
