/**
 * Builds the web console from console/src/ into a folder: page, scripts, worker and style sheets, each beside its compressed
 * forms. Names have a hash of the contents, so that browsers may keep the files for ever. Takes a quarter of a second.
 *
 *   node scripts/build-console.mjs            into console/dist
 *   node scripts/build-console.mjs DIRECTORY
 *
 * Plain JavaScript, because setup.mjs runs it on any Node 20 or newer.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "console", "src");

/** @param {string} target An existing folder there is replaced as a whole. */
export async function buildConsole(target) {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    // What the page and its worker share is a file of both, and what a page needs later is loaded later.
    entryPoints: [join(source, "main.tsx"), join(source, "records", "match-worker.ts")],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: ["chrome115", "firefox115", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    write: false,
    metafile: true,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    outdir: target,
    logLevel: "warning",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  const outputs = Object.entries(metafile.outputs);
  const [script, { imports, cssBundle }] = outputs.find(([, { entryPoint }]) => entryPoint?.endsWith("/main.tsx"));
  const [worker] = outputs.find(([, { entryPoint }]) => entryPoint?.endsWith("/match-worker.ts"));
  // The browser would find these in the script only when it has that.
  const preloads = imports
    .filter(({ kind }) => kind === "import-statement")
    .map(({ path }) => `<link rel="modulepreload" href="${basename(path)}">`);
  const html = readFileSync(join(source, "index.html"), "utf8")
    .replace("main.css", basename(cssBundle))
    .replace("match-worker.js", basename(worker))
    .replace("main.js", basename(script))
    .replace("</head>", `  ${preloads.join("")}\n  </head>`);
  files.set("index.html", Buffer.from(html));
  files.set("icon.svg", readFileSync(join(source, "icon.svg")));
  write(files, target);
}

/** Written beside and swapped in: no server reads a half-written folder. */
function write(files, target) {
  const fresh = `${target}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const [name, contents] of files) {
    writeFileSync(join(fresh, name), contents);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length };
    writeFileSync(join(fresh, `${name}.br`), brotliCompressSync(contents, { params }));
    writeFileSync(join(fresh, `${name}.gz`), gzipSync(contents, { level: 9 }));
  }
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildConsole(resolve(process.argv[2] ?? join(root, "console", "dist")));
}
