/**
 * Compiles wasm/ (AssemblyScript) and writes its two modules into generated constants, so that neither a start nor an install
 * compiles anything. The same sources give the same bytes: `npm run check` builds them again and compares.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasmMemoryPages } from "../src/records/wasm-layout.ts";

const root = join(import.meta.dirname, "..");
const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
const built = join(root, ".cache/millrace.wasm");
const memoryPages = String(wasmMemoryPages);

mkdirSync(join(root, ".cache"), { recursive: true });

build({
  // What these export, JavaScript may call.
  entries: [
    "base64",
    "cbor-put-response",
    "decimal",
    "md5",
    "put-response",
    "record-rows",
    "scan-cbor-put",
    "scan-put",
    "sequence-number",
    "write-records",
  ],
  options: ["--initialMemory", memoryPages, "--maximumMemory", memoryPages, "--enable", "relaxed-simd"],
  file: "src/records/wasm.generated.ts",
  constant: "wasmBase64",
});

build({
  entries: ["checksum"],
  // One for each memory that the log has.
  options: ["--importMemory"],
  file: "src/engine/embedded/io/checksum-wasm.generated.ts",
  constant: "checksumWasmBase64",
});

interface Module {
  /** Source files in wasm/. */
  readonly entries: readonly string[];
  readonly options: readonly string[];
  readonly file: string;
  readonly constant: string;
}

function build({ entries, options, file, constant }: Module): void {
  const all = [
    ...entries.map((name) => `wasm/${name}.ts`),
    ...["--outFile", built, "-O3", "--noAssert", "--enable", "simd"],
    // No allocator and no collector: memory has a fixed layout and never grows. Address 0 stays free: it means "none".
    ...["--runtime", "stub", "--use", "abort=", "--memoryBase", "1024"],
    ...options,
  ];
  const { status } = spawnSync(process.execPath, [compiler, ...all], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);

  const binary = readFileSync(built);
  const lines = binary.toString("base64").match(/.{1,110}/g) ?? [];
  const text = [
    "// Made by scripts/build-wasm.ts from wasm/; not for editing.",
    `/** The module of ${binary.length} bytes, in base64. */`,
    `export const ${constant} =`,
    `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
    "",
  ].join("\n");
  writeFileSync(join(root, file), text);
}
