import { randomBytes } from "node:crypto";
import type { DocumentStore } from "../engine/document-store.ts";
import { isConflict } from "../engine/engine-error.ts";

// Part of the stored format.
const DOCUMENT_KEY = "server/master-key";
const TOKEN_KEY_BYTES = 32;

/**
 * The secret from which `TokenCipher` derives its keys; created by the first start. It is in the document store, so that
 * tokens outlive a restart and all servers on one store can read each other's.
 */
export async function loadOrCreateTokenKey(
  documents: DocumentStore,
  random: (size: number) => Uint8Array = randomBytes,
): Promise<Uint8Array> {
  for (;;) {
    const known = await documents.get(DOCUMENT_KEY);
    if (known !== undefined) return known.value;
    const created = random(TOKEN_KEY_BYTES);
    try {
      await documents.compareAndSwap(DOCUMENT_KEY, created, 0n);
      return created;
    } catch (error) {
      // Another server created one at the same time; this one was never used.
      if (!isConflict(error)) throw error;
    }
  }
}
