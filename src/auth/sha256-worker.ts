// The thread that hashes large bodies: waits for a body in shared memory and posts its digest.
import { hash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

/** Memory of both threads. Bodies use the slots in turn. */
export interface Sha256SharedMemory {
  /** The number of all bodies so far, modulo 2^32; then the length in bytes of the body in each slot. */
  readonly control: Int32Array;
  readonly slots: readonly Uint8Array[];
}

function serve({ control, slots }: Sha256SharedMemory): never {
  for (let done = 0; ; done = (done + 1) | 0) {
    while (Atomics.load(control, 0) === done) Atomics.wait(control, 0, done);
    const slot = (done >>> 0) % slots.length;
    const body = (slots[slot] as Uint8Array).subarray(0, control[1 + slot]);
    parentPort?.postMessage(hash("sha256", body, "hex"));
  }
}

serve(workerData as Sha256SharedMemory);
