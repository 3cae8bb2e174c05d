export interface VersionedDocument {
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with every change of any key; 0n never occurs. */
  readonly revision: bigint;
}

export type WatchEvent =
  | { readonly kind: "put"; readonly document: VersionedDocument }
  | { readonly kind: "delete"; readonly key: string; readonly revision: bigint }
  | { readonly kind: "synced" };

/**
 * Small documents with compare-and-swap on each key and an ordered watch. There are no transactions over several keys:
 * work of several steps is an intent inside one document, carried out in steps that are harmless to repeat.
 */
export interface DocumentStore {
  /** `fresh` reflects every swap that completed before the call, whoever made it. */
  get(key: string, options?: { readonly fresh?: boolean }): Promise<VersionedDocument | undefined>;

  /**
   * Writes `value` (null deletes) if the key's revision is `expectedRevision`; 0n means that the key must not exist.
   * Resolves with the new revision when the change is durable. Rejects with `EngineError("conflict")` otherwise.
   */
  compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint>;

  /** All documents whose key starts with `prefix`, in key order. */
  list(prefix: string): Promise<readonly VersionedDocument[]>;

  /** The present documents, then `synced`, then every change in order per key, until the signal aborts. */
  watch(prefix: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
}
