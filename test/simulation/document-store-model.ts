import assert from "node:assert/strict";
import type { DocumentStore, VersionedDocument } from "../../src/engine/document-store.ts";

/** One value that a document may have. */
interface Version {
  readonly value: string | undefined;
  /** Undefined for a change that may have happened, and for an absent document. */
  readonly revision: bigint | undefined;
}

const absent: Version = { value: undefined, revision: undefined };

/** What the documents must be, by all results of the engine. */
export class DocumentStoreModel {
  readonly #known = new Map<string, Version>();
  /** Changes in flight, and changes whose result is unknown. */
  readonly #doubts = new Map<string, Version[]>();
  #revisionMax = 0n;

  get keys(): readonly string[] {
    return [...new Set([...this.#known.keys(), ...this.#doubts.keys()])];
  }

  send(key: string, value: string | undefined): Version {
    const version = { value, revision: undefined };
    this.#doubts.set(key, [...(this.#doubts.get(key) ?? []), version]);
    return version;
  }

  done(key: string, version: Version, revision: bigint): void {
    assert(revision > 0n, `${key}: revision ${revision}`);
    this.#dismiss(key, version);
    const { revision: before } = this.#known.get(key) ?? absent;
    assert(before === undefined || revision > before, `${key}: revision ${revision} follows ${before}`);
    // A revision identifies one change, across all documents.
    assert(revision > this.#revisionMax, `${key}: revision ${revision} comes after ${this.#revisionMax}`);
    this.#known.set(key, { value: version.value, revision });
    this.#revisionMax = revision;
  }

  refused(key: string, version: Version): void {
    this.#dismiss(key, version);
  }

  /** Asserts that a conflict was right: the document has, or is about to have, another revision. */
  checkConflict(key: string, expected: bigint): void {
    const { value, revision } = this.#known.get(key) ?? absent;
    const present = value === undefined ? 0n : revision;
    assert(
      present !== expected || this.#doubtsOf(key).length > 0,
      `${key} has revision ${expected}, and the engine reported a conflict`,
    );
  }

  check(key: string, found: VersionedDocument | undefined): void {
    const value = found === undefined ? undefined : Buffer.from(found.value).toString();
    const known = this.#known.get(key) ?? absent;
    if (value === known.value && (value === undefined || found?.revision === known.revision)) return;
    const isDoubt = this.#doubtsOf(key).some((version) => version.value === value);
    const allowed = [known, ...this.#doubtsOf(key)].map((version) => version.value);
    assert(isDoubt, `${key} is ${value} at ${found?.revision}, not one of ${allowed} at ${known.revision}`);
    assert(found === undefined || found.revision > (known.revision ?? 0n), `${key}: an old revision`);
  }

  /** Compares all documents with the model, then takes what is stored for known. */
  async settle(documents: DocumentStore): Promise<void> {
    const all = await documents.list("");
    for (const key of this.keys) {
      const found = await documents.get(key);
      this.check(key, found);
      assert.deepEqual(
        found,
        all.find((document) => document.key === key),
        `list() and get() agree on ${key}`,
      );
      const known = this.#known.get(key);
      const value = found === undefined ? undefined : Buffer.from(found.value).toString();
      this.#known.set(key, { value, revision: found?.revision ?? known?.revision });
      this.#doubts.delete(key);
      if (found !== undefined && found.revision > this.#revisionMax) this.#revisionMax = found.revision;
    }
    assert.equal(
      all.length,
      all.filter(({ key }) => this.#known.has(key)).length,
      "no document that was never written",
    );
  }

  #doubtsOf(key: string): readonly Version[] {
    return this.#doubts.get(key) ?? [];
  }

  #dismiss(key: string, version: Version): void {
    this.#doubts.set(
      key,
      this.#doubtsOf(key).filter((one) => one !== version),
    );
  }
}
