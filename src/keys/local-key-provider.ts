import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type MasterKeyRef, resolveMasterKeyRef } from "../streams/master-key-ref.ts";
import { masterKeyMade } from "../telemetry/diagnostic-events.ts";
import { type GeneratedRootKey, KeyError, type KeyProvider, type KeyScope } from "./key-provider.ts";
import { changeKeyring, type MasterKey, readKeyring } from "./keyring-file.ts";

/*
 * A wrapped key:
 *
 *   "MRK1" | id of the master key 16 | nonce 12, random | AES-256-GCM ciphertext 32 | tag 16
 *
 * Bound to its context: the names sorted, as JSON of pairs. A master key wraps one data key per start of encryption, far
 * from the 2^32 up to which random nonces are safe.
 */
const MAGIC = Buffer.from("MRK1");
const ID_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_AT = MAGIC.length + ID_BYTES;
const CIPHERTEXT_AT = NONCE_AT + NONCE_BYTES;
const TAG_AT = CIPHERTEXT_AT + KEY_BYTES;
const WRAPPED_BYTES = TAG_AT + TAG_BYTES;

/** Accounts, regions and aliases are the callers' to invent; beyond this no more keys are made for them. */
const masterKeysMax = 10_000;

export interface LocalKeyProviderOptions {
  /** Absent: the keys live as long as the process. */
  readonly file?: string | undefined;
  readonly nowMs: () => number;
  readonly random?: (size: number) => Buffer;
}

/**
 * The key provider `local`: every name that could be a key's is one, made when it is first used and durable before that.
 * Names in other spellings, such as an alias and its ARN, are the same key.
 */
export class LocalKeyProvider implements KeyProvider {
  readonly #file: string | undefined;
  readonly #nowMs: () => number;
  readonly #random: (size: number) => Buffer;
  readonly #byId = new Map<string, MasterKey>();
  readonly #byPlace = new Map<string, MasterKey>();
  #fault: string | undefined;

  /** A file that cannot be used is no reason not to start: plain streams need no keys. `fault` tells of it. */
  constructor({ file, nowMs, random = randomBytes }: LocalKeyProviderOptions) {
    this.#file = file;
    this.#nowMs = nowMs;
    this.#random = random;
    try {
      this.#readAgain();
    } catch {
      // Told by `fault`, and thrown at whoever needs a key.
    }
  }

  /** Why the file cannot be used, as a sentence. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async generateRootKey(
    keyId: string,
    scope: KeyScope,
    context: Readonly<Record<string, string>>,
  ): Promise<GeneratedRootKey> {
    const place = resolveMasterKeyRef(keyId, scope);
    if (place === undefined) throw new KeyError("not_found", `${keyId} is neither a key nor an alias.`);
    const master = this.#byPlace.get(nameOf(place)) ?? this.#make(place);
    const rootKey = this.#random(KEY_BYTES);
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", Buffer.from(master.key, "base64"), nonce);
    cipher.setAAD(boundBytes(context));
    const ciphertext = Buffer.concat([cipher.update(rootKey), cipher.final()]);
    const wrapped = Buffer.concat([MAGIC, Buffer.from(master.id, "hex"), nonce, ciphertext, cipher.getAuthTag()]);
    return { rootKey, wrapped };
  }

  async unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
    if (bytes.length !== WRAPPED_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw new KeyError("not_found", "The data key was not wrapped by a keyring, but by another key provider.");
    }
    const id = bytes.toString("hex", MAGIC.length, NONCE_AT);
    if (!this.#byId.has(id)) this.#readAgain();
    const master = this.#byId.get(id);
    if (master === undefined) {
      throw new KeyError("not_found", `${this.#name()} does not hold the master key ${id}.`);
    }
    const key = Buffer.from(master.key, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(NONCE_AT, CIPHERTEXT_AT));
    decipher.setAAD(boundBytes(context));
    decipher.setAuthTag(bytes.subarray(TAG_AT));
    const rootKey = decipher.update(bytes.subarray(CIPHERTEXT_AT, TAG_AT));
    try {
      decipher.final();
    } catch (error) {
      throw new KeyError("invalid_state", "The data key is damaged, or was wrapped for something else.", {
        cause: error,
      });
    }
    return rootKey;
  }

  #make(place: MasterKeyRef): MasterKey {
    const file = this.#file;
    const name = nameOf(place);
    if (file === undefined) this.#take([this.#newKey(place)]);
    else this.#guarded(() => this.#take(changeKeyring(file, (inFile) => this.#with(place, inFile))));
    const made = this.#byPlace.get(name);
    if (made === undefined) throw new KeyError("unavailable", `${this.#name()} did not take the new key.`);
    if (file !== undefined) masterKeyMade.publish({ name, keyring: file });
    return made;
  }

  /** The file's keys and one for the place. A file that was taken away is written again with all that is known. */
  #with(place: MasterKeyRef, inFile: readonly MasterKey[]): readonly MasterKey[] {
    const ids = new Set(inFile.map(({ id }) => id));
    const all = [...inFile, ...[...this.#byId.values()].filter(({ id }) => !ids.has(id))];
    const isThere = all.some((key) => nameOf(key) === nameOf(place));
    return isThere ? all : [...all, this.#newKey(place)];
  }

  #newKey({ account, region, name }: MasterKeyRef): MasterKey {
    if (this.#byId.size >= masterKeysMax) {
      throw new KeyError("throttled", `${this.#name()} holds ${masterKeysMax} master keys, as many as it can.`);
    }
    const id = this.#random(ID_BYTES).toString("hex");
    return { id, account, region, name, madeMs: this.#nowMs(), key: this.#random(KEY_BYTES).toString("base64") };
  }

  #readAgain(): void {
    const file = this.#file;
    if (file !== undefined) this.#guarded(() => this.#take(readKeyring(file)));
  }

  #take(keys: readonly MasterKey[]): void {
    for (const key of keys) {
      this.#byId.set(key.id, key);
      // The first one of a name stays in use.
      if (!this.#byPlace.has(nameOf(key))) this.#byPlace.set(nameOf(key), key);
    }
  }

  #guarded(work: () => void): void {
    try {
      work();
      this.#fault = undefined;
    } catch (error) {
      if (error instanceof KeyError && error.kind !== "throttled") this.#fault = error.message;
      throw error;
    }
  }

  #name(): string {
    return this.#file === undefined ? "The keyring in memory" : `The keyring ${this.#file}`;
  }
}

function nameOf({ account, region, name }: MasterKeyRef): string {
  return `${account}/${region}/${name}`;
}

function boundBytes(context: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(context).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}
