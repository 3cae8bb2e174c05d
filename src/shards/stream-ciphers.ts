import { randomBytes } from "node:crypto";
import { SessionCipher } from "../cipher/session-cipher.ts";
import { EngineError } from "../engine/engine-error.ts";
import { KeyError, type KeyProvider } from "../keys/key-provider.ts";
import type { EntryKey } from "../records/entry-encoding.ts";
import type { StreamIdentity, StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { streamArn } from "../streams/arn.ts";
import { currentDataKey, type NewDataKey, startEncrypting } from "../streams/data-keys.ts";
import type { Stream, StreamDataKey } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";

/** How long a data key is used before its provider is asked again: a key that was disabled is noticed after this. */
const keyUseMsMax = 5 * 60_000;

/** How long a refusal holds before the provider is asked again, however many requests come. */
const refusalMs = 1_000;

/** Unwrapped keys in memory, over all streams. */
const keysMax = 10_000;

/** Streams whose keys are refused, and sentences of them that health reports. */
const faultsMax = 1_000;
const reportedFaultsMax = 3;

const sessionBytes = 16;
const purpose = "millrace stream records";

/** A data key that is unwrapped, or refused. */
interface KnownKey {
  readonly stream: StreamIdentity;
  readonly cipher?: SessionCipher;
  readonly error?: KeyError;
  readonly untilMs: number;
}

export interface StreamCiphersOptions {
  readonly provider: KeyProvider;
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  readonly random?: (size: number) => Uint8Array;
}

/**
 * The data keys of streams as ciphers. Unwrapped keys are kept for `keyUseMsMax`; calls that come while a key is being
 * unwrapped wait for the same result. Errors: KeyError.
 */
export class StreamCiphers {
  readonly #provider: KeyProvider;
  readonly #registry: StreamRegistry;
  readonly #clock: Clock;
  readonly #random: (size: number) => Uint8Array;
  readonly #known = new Map<string, KnownKey>();
  readonly #unwrapping = new Map<string, Promise<SessionCipher>>();
  readonly #faults = new Map<string, { readonly stream: StreamIdentity; readonly sentence: string }>();

  constructor({ provider, registry, clock, random = randomBytes }: StreamCiphersOptions) {
    this.#provider = provider;
    this.#registry = registry;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new data key for a stream under the master key `keyId`, to be put into its document. */
  async make(stream: Stream, keyId: string): Promise<NewDataKey> {
    const { wrapped } = await this.#provider.generateRootKey(keyId, stream, contextOf(stream));
    return { keyId, wrapped: Buffer.from(wrapped).toString("base64") };
  }

  /** The key that new records of an encrypted stream are encrypted under, if it is in memory. */
  cachedWriteKey({ stream }: StreamRevision): EntryKey | undefined {
    const keyNumber = stream.encryption?.dataKey;
    const cipher = keyNumber === undefined ? undefined : this.cachedCipher(stream.id, keyNumber);
    return cipher === undefined || keyNumber === undefined ? undefined : { cipher, keyNumber };
  }

  /** The same, unwrapped first if it is not in memory. A document that names no data key gets its first one here. */
  async writeKey(revision: StreamRevision): Promise<EntryKey> {
    const key = currentDataKey(revision.stream) ?? (await this.#adopt(revision));
    return { cipher: await this.#cipherOf(revision, key), keyNumber: key.number };
  }

  cachedCipher(streamId: string, keyNumber: number): SessionCipher | undefined {
    const known = this.#known.get(nameOf(streamId, keyNumber));
    return known !== undefined && this.#clock.monotonicMs() < known.untilMs ? known.cipher : undefined;
  }

  /** What decrypts records that were encrypted under the stream's data key of this number. */
  async cipher(revision: StreamRevision, keyNumber: number): Promise<SessionCipher> {
    // The key may be younger than the revision that the reader began with.
    const current = this.#registry.current(revision);
    if (current === undefined) throw new EngineError("not_found", "The stream is gone, and its data keys with it.");
    const key = current.stream.dataKeys?.find(({ number }) => number === keyNumber);
    if (key !== undefined) return await this.#cipherOf(current, key);
    const { name } = revision.stream;
    throw new EngineError(
      "corrupt",
      `An entry of stream ${name} names data key ${keyNumber}, which the stream does not have.`,
    );
  }

  /** Why streams cannot be read or written, as a few sentences. */
  faults(): readonly string[] {
    const sentences = [...this.#faults.values()].map(
      ({ stream, sentence }) => `a data key of stream ${stream.name} cannot be used: ${sentence}`,
    );
    const more = sentences.length - reportedFaultsMax;
    const reported = sentences.slice(0, reportedFaultsMax);
    return more > 0 ? [...reported, `data keys of ${more} more streams cannot be used`] : reported;
  }

  /** Unwraps the present keys of encrypted streams, so that `faults` reports at once that a keyring is gone. */
  async tryAll(): Promise<void> {
    const encrypted = [...this.#registry.all()].filter(({ stream }) => currentDataKey(stream) !== undefined);
    await Promise.allSettled(encrypted.slice(0, keysMax).map((revision) => this.writeKey(revision)));
  }

  /** Forgets keys that have been used for long enough, and keys and faults of streams that are gone. */
  sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, { stream, untilMs }] of this.#known) {
      if (untilMs <= nowMs || this.#registry.current({ stream }) === undefined) this.#known.delete(name);
    }
    for (const [name, { stream }] of this.#faults) {
      if (this.#registry.current({ stream }) === undefined) this.#faults.delete(name);
    }
  }

  async #cipherOf(revision: StreamRevision, key: StreamDataKey): Promise<SessionCipher> {
    const name = nameOf(revision.stream.id, key.number);
    const known = this.#known.get(name);
    if (known !== undefined && this.#clock.monotonicMs() < known.untilMs) {
      if (known.cipher !== undefined) return known.cipher;
      if (known.error !== undefined) throw known.error;
    }
    let unwrapping = this.#unwrapping.get(name);
    if (unwrapping === undefined) {
      unwrapping = this.#unwrap(revision, key, name).finally(() => this.#unwrapping.delete(name));
      this.#unwrapping.set(name, unwrapping);
    }
    return await unwrapping;
  }

  async #unwrap(revision: StreamRevision, { wrapped }: StreamDataKey, name: string): Promise<SessionCipher> {
    const stream = identityOf(revision.stream);
    try {
      const rootKey = await this.#provider.unwrapRootKey(Buffer.from(wrapped, "base64"), contextOf(revision.stream));
      // A session of its own for each cipher: two of one session would use its nonces twice.
      const cipher = new SessionCipher({ rootKey, session: this.#random(sessionBytes), purpose });
      this.#faults.delete(name);
      this.#keep(name, { stream, cipher, untilMs: this.#clock.monotonicMs() + keyUseMsMax });
      return cipher;
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      if (this.#faults.size < faultsMax) this.#faults.set(name, { stream, sentence: error.message });
      this.#keep(name, { stream, error, untilMs: this.#clock.monotonicMs() + refusalMs });
      throw error;
    }
  }

  #keep(name: string, key: KnownKey): void {
    this.#known.delete(name);
    if (this.#known.size >= keysMax) {
      const [oldest = ""] = this.#known.keys();
      this.#known.delete(oldest);
    }
    this.#known.set(name, key);
  }

  /** An earlier server marked the stream as encrypted without a data key. */
  async #adopt(revision: StreamRevision): Promise<StreamDataKey> {
    return await this.#registry.inTurn(revision, async () => {
      const newest = this.#registry.current(revision);
      if (newest === undefined) throw new EngineError("not_found", "The stream is gone.");
      const { encryption = revision.stream.encryption } = newest.stream;
      const known = currentDataKey(newest.stream);
      if (known !== undefined) return known;
      if (encryption === undefined) throw new KeyError("unavailable", "The stream was never encrypted.");
      const made = await this.make(newest.stream, encryption.keyId);
      const next = await this.#registry.replace(newest, startEncrypting(newest.stream, made, this.#clock.nowMs()));
      const key = currentDataKey(next.stream);
      if (key === undefined) throw new KeyError("unavailable", "The stream changed while it was given a data key.");
      return key;
    });
  }
}

/** Without the shards: a key stays in memory longer than the revision that it was unwrapped for. */
function identityOf({ account, region, name, id }: Stream): StreamIdentity {
  return { account, region, name, id };
}

/** What a wrapped data key is bound to: the encryption context that the service gives to KMS as well. */
function contextOf(stream: Stream): Readonly<Record<string, string>> {
  return { "aws:kinesis:arn": streamArn(stream) };
}

function nameOf(streamId: string, keyNumber: number): string {
  return `${streamId}/${keyNumber}`;
}
