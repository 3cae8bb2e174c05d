// The other thread of run-apart.ts.
import { parentPort, workerData } from "node:worker_threads";
import type { WorkApart } from "./run-apart.ts";

const { module, name, args } = workerData as WorkApart;
const work = (await import(module))[name];
parentPort?.postMessage(await work(...args));
