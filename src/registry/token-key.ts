import { randomBytes } from "node:crypto";
import type { DocumentStore } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";

const KEY = "server/master-key";
const KEY_BYTES = 32;

/**
 * The secret behind iterators and page tokens. It lives in the catalog, so that tokens outlive a restart and every server
 * on one catalog understands the others'.
 */
export async function loadTokenKey(
  catalog: DocumentStore,
  random: (size: number) => Uint8Array = randomBytes,
): Promise<Uint8Array> {
  for (;;) {
    const known = await catalog.get(KEY, { fresh: true });
    if (known !== undefined) return known.value;
    const made = random(KEY_BYTES);
    try {
      await catalog.compareAndSwap(KEY, made, 0n);
      return made;
    } catch (error) {
      // Another server made one at the same moment; ours was never used.
      if (!(error instanceof EngineError && error.kind === "conflict")) throw error;
    }
  }
}
