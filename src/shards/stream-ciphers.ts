import { randomBytes } from "node:crypto";
import { SessionCipher } from "../cipher/session-cipher.ts";
import { EngineError } from "../engine/engine-error.ts";
import { KeyError, type KeyProvider } from "../keys/key-provider.ts";
import type { EntryEncoding } from "../records/entry-encoding.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { streamArn } from "../streams/arn.ts";
import { currentDataKey, encryptUnder, type NewDataKey } from "../streams/data-keys.ts";
import type { Stream, StreamDataKey } from "../streams/stream.ts";
import type { Clock } from "../time/clock.ts";

/** For how long a data key is used before its provider is asked again: a key that was disabled shows after this. */
const keyUseMsMax = 5 * 60_000;

/** For how long a refusal holds before the provider is asked again, however many requests come. */
const refusalMs = 1_000;

/** Unwrapped keys in memory, over all streams. */
const openKeysMax = 10_000;

/** Streams whose keys are refused, and sentences that health says of them. */
const faultsMax = 1_000;
const faultsToldMax = 3;

const sessionBytes = 16;
const purpose = "millrace stream records";

type Seal = NonNullable<EntryEncoding["seal"]>;

/** A data key that is open, being opened, or refused. */
interface KnownKey {
  readonly live: StreamRevision;
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
 * The data keys of streams as ciphers. Unwrapped ones are kept for `keyUseMsMax`; whoever comes while one is being
 * unwrapped waits for the same answer. All that is thrown for a key is `KeyError`.
 */
export class StreamCiphers {
  readonly #provider: KeyProvider;
  readonly #directory: StreamRegistry;
  readonly #clock: Clock;
  readonly #random: (size: number) => Uint8Array;
  readonly #known = new Map<string, KnownKey>();
  readonly #opening = new Map<string, Promise<SessionCipher>>();
  readonly #faults = new Map<string, { readonly live: StreamRevision; readonly sentence: string }>();

  constructor({ provider, registry, clock, random = randomBytes }: StreamCiphersOptions) {
    this.#provider = provider;
    this.#directory = registry;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new data key for a stream under the master key `keyId`, to be put into its document. */
  async make(stream: Stream, keyId: string): Promise<NewDataKey> {
    const { wrapped } = await this.#provider.generateRootKey(keyId, stream, contextOf(stream));
    return { keyId, wrapped: Buffer.from(wrapped).toString("base64") };
  }

  /** What new records of an encrypted stream are sealed with, if its key is at hand. */
  sealAtHand({ stream }: StreamRevision): Seal | undefined {
    const keyNumber = stream.encryption?.dataKey;
    const cipher = keyNumber === undefined ? undefined : this.cipherAtHand(stream.id, keyNumber);
    return cipher === undefined || keyNumber === undefined ? undefined : { cipher, keyNumber };
  }

  /** The same, once the key is at hand. A document that names no data key gets its first one here. */
  async seal(live: StreamRevision): Promise<Seal> {
    const key = currentDataKey(live.stream) ?? (await this.#adopt(live));
    return { cipher: await this.#cipherOf(live, key), keyNumber: key.number };
  }

  cipherAtHand(streamId: string, keyNumber: number): SessionCipher | undefined {
    const known = this.#known.get(nameOf(streamId, keyNumber));
    return known !== undefined && this.#clock.monotonicMs() < known.untilMs ? known.cipher : undefined;
  }

  /** What records are opened with that were sealed under the stream's data key of this number. */
  async cipher(live: StreamRevision, keyNumber: number): Promise<SessionCipher> {
    // The key may be younger than the revision that the reader began with.
    const current = this.#directory.current(live);
    if (current === undefined) throw new EngineError("not_found", "The stream is gone, and its data keys with it.");
    const key = current.stream.dataKeys?.find(({ number }) => number === keyNumber);
    if (key !== undefined) return await this.#cipherOf(current, key);
    const { name } = live.stream;
    throw new EngineError(
      "corrupt",
      `An entry of stream ${name} names data key ${keyNumber}, which the stream has not.`,
    );
  }

  /** Why streams cannot be read or written, as a few sentences. */
  faults(): readonly string[] {
    const sentences = [...this.#faults.values()].map(
      ({ live: { stream }, sentence }) => `a data key of stream ${stream.name} cannot be used: ${sentence}`,
    );
    const more = sentences.length - faultsToldMax;
    const told = sentences.slice(0, faultsToldMax);
    return more > 0 ? [...told, `data keys of ${more} more streams cannot be used`] : told;
  }

  /** Opens the present keys of encrypted streams, so that `faults` tells at once of a keyring that is gone. */
  async tryAll(): Promise<void> {
    const encrypted = [...this.#directory.all()].filter(({ stream }) => currentDataKey(stream) !== undefined);
    await Promise.allSettled(encrypted.slice(0, openKeysMax).map((live) => this.seal(live)));
  }

  /** Forgets keys that have been used for long enough, and whatever belongs to streams that are gone. */
  sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, { live, untilMs }] of this.#known) {
      if (untilMs <= nowMs || this.#directory.current(live) === undefined) this.#known.delete(name);
    }
    for (const [name, { live }] of this.#faults) {
      if (this.#directory.current(live) === undefined) this.#faults.delete(name);
    }
  }

  async #cipherOf(live: StreamRevision, key: StreamDataKey): Promise<SessionCipher> {
    const name = nameOf(live.stream.id, key.number);
    const known = this.#known.get(name);
    if (known !== undefined && this.#clock.monotonicMs() < known.untilMs) {
      if (known.cipher !== undefined) return known.cipher;
      if (known.error !== undefined) throw known.error;
    }
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#open(live, key, name).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return await opening;
  }

  async #open(live: StreamRevision, { wrapped }: StreamDataKey, name: string): Promise<SessionCipher> {
    try {
      const rootKey = await this.#provider.unwrapRootKey(Buffer.from(wrapped, "base64"), contextOf(live.stream));
      // A session of its own for each cipher: two of one session would use its nonces twice.
      const cipher = new SessionCipher({ rootKey, session: this.#random(sessionBytes), purpose });
      this.#faults.delete(name);
      this.#keep(name, { live, cipher, untilMs: this.#clock.monotonicMs() + keyUseMsMax });
      return cipher;
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      if (this.#faults.size < faultsMax) this.#faults.set(name, { live, sentence: error.message });
      this.#keep(name, { live, error, untilMs: this.#clock.monotonicMs() + refusalMs });
      throw error;
    }
  }

  #keep(name: string, key: KnownKey): void {
    this.#known.delete(name);
    if (this.#known.size >= openKeysMax) {
      const [oldest = ""] = this.#known.keys();
      this.#known.delete(oldest);
    }
    this.#known.set(name, key);
  }

  /** An earlier server marked the stream as encrypted without a data key. */
  async #adopt(live: StreamRevision): Promise<StreamDataKey> {
    return await this.#directory.inTurn(live, async () => {
      const newest = this.#directory.current(live);
      if (newest === undefined) throw new EngineError("not_found", "The stream is gone.");
      const { encryption = live.stream.encryption } = newest.stream;
      const known = currentDataKey(newest.stream);
      if (known !== undefined) return known;
      if (encryption === undefined) throw new KeyError("unavailable", "The stream was never encrypted.");
      const made = await this.make(newest.stream, encryption.keyId);
      const next = await this.#directory.replace(newest, encryptUnder(newest.stream, made, this.#clock.nowMs()));
      const key = currentDataKey(next.stream);
      if (key === undefined) throw new KeyError("unavailable", "The stream changed while it was given a data key.");
      return key;
    });
  }
}

/** What a wrapped data key is bound to: the encryption context that the service gives to KMS as well. */
function contextOf(stream: Stream): Readonly<Record<string, string>> {
  return { "aws:kinesis:arn": streamArn(stream) };
}

function nameOf(streamId: string, keyNumber: number): string {
  return `${streamId}/${keyNumber}`;
}
