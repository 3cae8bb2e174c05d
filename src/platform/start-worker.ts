import { Worker, type WorkerOptions } from "node:worker_threads";
import { executableAssets } from "./program-files.ts";

/**
 * Starts a thread that runs the module `name`, a path without extension beside the module at `importer`, whose
 * `import.meta.url` it is. In the single executable the module is an asset that imports nothing but Node's own modules.
 */
export function startWorker(name: `./${string}`, importer: string, options: WorkerOptions): Worker {
  const assets = executableAssets();
  if (assets !== undefined) {
    const source = Buffer.from(assets.getAsset(workerAsset(name)));
    return new Worker(new URL(`data:text/javascript;base64,${source.toString("base64")}`), options);
  }
  // The built file has another extension than the source.
  const extension = importer.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`${name}.${extension}`, importer), options);
}

/** All modules of the executable have one address, so the name of the file alone tells which worker it is. */
function workerAsset(name: `./${string}`): string {
  return `workers/${name.slice("./".length)}.js`;
}
