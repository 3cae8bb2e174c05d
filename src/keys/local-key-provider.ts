import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type MasterKeyRef, parseMasterKeyRef } from "../streams/master-key-ref.ts";
import { masterKeyMade } from "../telemetry/diagnostic-events.ts";
import { type GeneratedRootKey, KeyError, type KeyProvider, type KeyScope } from "./key-provider.ts";
import { changeKeyring, type MasterKey, readKeyring } from "./keyring-file.ts";

/*
 * A wrapped key:
 *
 *   "MRK1" | id of the master key 16 | nonce 12, random | AES-256-GCM ciphertext 32 | tag 16
 *
 * The additional data is the context: JSON of its pairs, sorted by name. A master key wraps one root key for each start of
 * encryption, far below the 2^32 up to which random nonces are safe.
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

/** Bounds the keys that callers can create by naming new accounts, regions and aliases. */
const masterKeysMax = 10_000;

export interface LocalKeyProviderOptions {
  /** Absent: the keys are only in memory. */
  readonly file?: string | undefined;
  readonly nowMs: () => number;
  readonly random?: (size: number) => Buffer;
}

/**
 * The key provider `local`, with master keys in a file or in memory. Every valid key id or alias is a key: it is created,
 * and made durable, when it is first used. An alias and its ARN are the same key.
 */
export class LocalKeyProvider implements KeyProvider {
  readonly #file: string | undefined;
  readonly #nowMs: () => number;
  readonly #random: (size: number) => Buffer;
  readonly #byId = new Map<string, MasterKey>();
  readonly #byRef = new Map<string, MasterKey>();
  #fault: string | undefined;
  /** Whether there was a file when it was last read. */
  #isPresent = false;
  /** Master keys that are being added to the file, by name: callers of one name wait for one change. */
  readonly #creating = new Map<string, Promise<MasterKey>>();

  /** Does not throw for a file that cannot be used, because plain streams need no keys; see `fault`. */
  constructor({ file, nowMs, random = randomBytes }: LocalKeyProviderOptions) {
    this.#file = file;
    this.#nowMs = nowMs;
    this.#random = random;
    try {
      this.#reload();
    } catch {
      // Reported by `fault`, and thrown when a key is needed.
    }
  }

  /** A sentence on why the file cannot be used; undefined when it can. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Whether there is no file, so that the next new master key makes one. */
  get isAbsent(): boolean {
    return this.#file !== undefined && !this.#isPresent;
  }

  async generateRootKey(
    keyId: string,
    scope: KeyScope,
    context: Readonly<Record<string, string>>,
  ): Promise<GeneratedRootKey> {
    const ref = parseMasterKeyRef(keyId, scope);
    if (ref === undefined) throw new KeyError("not_found", `${keyId} is not a key id, key ARN, alias or alias ARN.`);
    const master = this.#byRef.get(nameOf(ref)) ?? (await this.#create(ref));
    const rootKey = this.#random(KEY_BYTES);
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", Buffer.from(master.key, "base64"), nonce);
    cipher.setAAD(contextBytes(context));
    const ciphertext = Buffer.concat([cipher.update(rootKey), cipher.final()]);
    const wrapped = Buffer.concat([MAGIC, Buffer.from(master.id, "hex"), nonce, ciphertext, cipher.getAuthTag()]);
    return { rootKey, wrapped };
  }

  async unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
    if (bytes.length !== WRAPPED_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw new KeyError(
        "not_found",
        "The key was not wrapped by a local keyring, so data under it cannot be read. Use the --key-provider that wrapped it.",
      );
    }
    const id = bytes.toString("hex", MAGIC.length, NONCE_AT);
    if (!this.#byId.has(id)) this.#reload();
    const master = this.#byId.get(id);
    if (master === undefined) {
      throw new KeyError(
        "not_found",
        this.isAbsent
          ? `${this.#label()} does not exist, so data that is encrypted with its keys cannot be read. Put the file back, or its backup.`
          : `${this.#label()} does not contain the master key ${id}, so data under it cannot be read. Use the keyring that has it.`,
      );
    }
    const key = Buffer.from(master.key, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(NONCE_AT, CIPHERTEXT_AT));
    decipher.setAAD(contextBytes(context));
    decipher.setAuthTag(bytes.subarray(TAG_AT));
    const rootKey = decipher.update(bytes.subarray(CIPHERTEXT_AT, TAG_AT));
    try {
      decipher.final();
    } catch (error) {
      throw new KeyError(
        "invalid_state",
        "The wrapped key is damaged, or belongs to another stream or directory, so data under it cannot be read.",
        {
          cause: error,
        },
      );
    }
    return rootKey;
  }

  #create(ref: MasterKeyRef): Promise<MasterKey> {
    const name = nameOf(ref);
    const creating = this.#creating.get(name) ?? this.#createNow(ref).finally(() => this.#creating.delete(name));
    this.#creating.set(name, creating);
    return creating;
  }

  async #createNow(ref: MasterKeyRef): Promise<MasterKey> {
    const file = this.#file;
    const name = nameOf(ref);
    if (file === undefined) this.#add([this.#newKey(ref)]);
    else {
      try {
        this.#add(await changeKeyring(file, (inFile) => this.#withKeyFor(ref, inFile)));
        this.#isPresent = true;
        this.#fault = undefined;
      } catch (error) {
        throw this.#noteFault(error);
      }
    }
    const created = this.#byRef.get(name);
    if (created === undefined)
      throw new KeyError(
        "unavailable",
        `${this.#label()} does not contain the master key that was just added, so it is not used. Another process may have replaced the file: try again.`,
      );
    if (file !== undefined) masterKeyMade.publish({ name, keyring: file });
    return created;
  }

  /** The keys of the file, those in memory that it lacks, and one for `ref`. So a file that was removed is restored. */
  #withKeyFor(ref: MasterKeyRef, inFile: readonly MasterKey[]): readonly MasterKey[] {
    const ids = new Set(inFile.map(({ id }) => id));
    const all = [...inFile, ...[...this.#byId.values()].filter(({ id }) => !ids.has(id))];
    const isPresent = all.some((key) => nameOf(key) === nameOf(ref));
    return isPresent ? all : [...all, this.#newKey(ref)];
  }

  #newKey({ account, region, name }: MasterKeyRef): MasterKey {
    if (this.#byId.size >= masterKeysMax) {
      throw new KeyError(
        "throttled",
        `${this.#label()} has ${masterKeysMax} master keys, the most it can have, so no other was added. Use one of its keys.`,
      );
    }
    const id = this.#random(ID_BYTES).toString("hex");
    return { id, account, region, name, madeMs: this.#nowMs(), key: this.#random(KEY_BYTES).toString("base64") };
  }

  #reload(): void {
    const file = this.#file;
    if (file === undefined) return;
    try {
      const keys = readKeyring(file);
      this.#isPresent = keys !== undefined;
      this.#add(keys ?? []);
      this.#fault = undefined;
    } catch (error) {
      throw this.#noteFault(error);
    }
  }

  #add(keys: readonly MasterKey[]): void {
    for (const key of keys) {
      this.#byId.set(key.id, key);
      // The first key of a name stays in use.
      if (!this.#byRef.has(nameOf(key))) this.#byRef.set(nameOf(key), key);
    }
  }

  /** Returns the error. */
  #noteFault(error: unknown): unknown {
    if (error instanceof KeyError && error.kind !== "throttled") this.#fault = error.message;
    return error;
  }

  #label(): string {
    return this.#file === undefined ? "The keyring in memory" : `The keyring ${this.#file}`;
  }
}

function nameOf({ account, region, name }: MasterKeyRef): string {
  return `${account}/${region}/${name}`;
}

function contextBytes(context: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(context).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}
