export interface VersionedDocument {
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with every change of any key; always above 0n. */
  readonly revision: bigint;
}

/** `synced` follows the documents that were there when the watch began; all later events are changes. */
export type WatchEvent =
  | { readonly kind: "put"; readonly document: VersionedDocument }
  | { readonly kind: "delete"; readonly key: string; readonly revision: bigint }
  | { readonly kind: "synced" };

/**
 * Small documents with compare-and-swap on each key and an ordered watch. No transaction spans several keys: work of
 * several steps is an intent inside one document, whose steps may be repeated.
 */
export interface DocumentStore {
  /** The document under a key; undefined if there is none. Has every swap that completed before the call, on any server. */
  get(key: string): Promise<VersionedDocument | undefined>;

  /**
   * Writes `value` (null deletes) if the key's revision is `expectedRevision`; 0n means that the key must not exist.
   * Resolves with the new revision when the change is durable. Rejects with `EngineError("conflict")` if the key has another
   * revision.
   */
  compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint>;

  /** All documents whose key starts with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<readonly VersionedDocument[]>;

  /** The documents there are, then `synced`, then each change, in order for each key, until the signal aborts. */
  watch(prefix: string, signal: AbortSignal): AsyncIterable<WatchEvent>;

  /**
   * Resolves when each watch that is synced has been told of, and has asked for what follows, every swap that completed before
   * the call, on any server. Absent where one server alone changes the documents.
   */
  catchUp?(): Promise<void>;
}
