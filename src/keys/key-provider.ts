/** A key for data, made for one stream or one directory. */
export interface GeneratedRootKey {
  /** 32 secret bytes; never stored. */
  readonly rootKey: Uint8Array;
  /** What may be stored. Says by itself which master key opens it. */
  readonly wrapped: Uint8Array;
}

/** Whose key names: aliases and key ids live per account and region. */
export interface KeyScope {
  readonly account: string;
  readonly region: string;
}

/** Keeps the master keys and never gives them out: it makes data keys wrapped by them, and opens what it wrapped. */
export interface KeyProvider {
  /**
   * A new data key under the master key `keyId` (id, ARN, alias or alias ARN). `context` is what the wrapped key is bound
   * to: it opens only with the same one. Throws `KeyError`.
   */
  generateRootKey(keyId: string, scope: KeyScope, context: Readonly<Record<string, string>>): Promise<GeneratedRootKey>;
  /** The root key of a wrapped data key. Throws `KeyError`. */
  unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

/** What hinders the use of a key. The first six are those that Kinesis tells its clients apart by. */
export type KeyErrorKind =
  | "disabled"
  | "invalid_state"
  | "access_denied"
  | "not_found"
  | "opt_in_required"
  | "throttled"
  | "unavailable";

/** A master key cannot be used now, or never again; nothing was made, opened or changed. */
export class KeyError extends Error {
  readonly kind: KeyErrorKind;

  constructor(kind: KeyErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KeyError";
    this.kind = kind;
  }
}
