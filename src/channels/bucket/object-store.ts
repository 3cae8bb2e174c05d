/** What is stored beside the bytes of an object. */
export interface ObjectOptions {
  readonly contentType: string;
  readonly storageClass?: string;
  /** SHA-256 of the bytes, in hexadecimal, where it is known. */
  readonly sha256?: string;
  readonly signal: AbortSignal;
}

/** One bucket. Its calls reject with `DestinationError`. */
export interface ObjectStore {
  /** Tries whether the bucket is there and may be used. */
  check(signal: AbortSignal): Promise<void>;
  /** Stores an object unless one has the key. Resolves with whether it was stored now. */
  putNew(key: string, bytes: Uint8Array, options: ObjectOptions): Promise<boolean>;
  /** The bytes of an object. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}
