// The thread in which large bodies are hashed: waits for bytes in shared memory, answers with their digest.
import { hash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

/** What both threads see. Bodies take the slots in turn. */
export interface Sha256SharedMemory {
  /** How many bodies were ever put there, modulo 2^32; then the bytes of the one in each slot. */
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
