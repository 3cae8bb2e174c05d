import { createHash } from "node:crypto";
import type { DocumentStore, VersionedDocument } from "../engine/document-store.ts";
import { EngineError } from "../engine/engine-error.ts";

// Part of the stored format.
const noteKey = "copies/from";

/** What a copy notes in its target: under way, or done. */
export interface CopyNote {
  readonly v: 1;
  readonly state: "copying" | "done";
  /** Digest of all documents and of the ends of all logs of the source. */
  readonly source: string;
  /** Whether positions of the source have gaps. */
  readonly hasGaps: boolean;
}

export async function readCopyNote(
  documents: Pick<DocumentStore, "get">,
): Promise<{ readonly note: CopyNote; readonly revision: bigint } | undefined> {
  const found = await documents.get(noteKey);
  if (found === undefined) return undefined;
  return { note: JSON.parse(Buffer.from(found.value).toString()) as CopyNote, revision: found.revision };
}

export async function writeCopyNote(documents: DocumentStore, note: CopyNote, revision: bigint): Promise<bigint> {
  return await documents.compareAndSwap(noteKey, Buffer.from(JSON.stringify(note)), revision);
}

export function isCopyNote({ key }: VersionedDocument): boolean {
  return key === noteKey;
}

/** The digest of what a copy takes over. */
export function digestOf(documents: readonly VersionedDocument[], ends: readonly string[]): string {
  const hash = createHash("sha256");
  for (const { key, value } of documents) hash.update(`${key.length} ${key} ${value.length} `).update(value);
  for (const end of ends) hash.update(`${end} `);
  return hash.digest("hex");
}

/** The note of the copy that made the documents, if one did. Rejects with `unavailable` after a copy that was interrupted. */
export async function finishedCopyOf(documents: Pick<DocumentStore, "get">): Promise<CopyNote | undefined> {
  const note = (await readCopyNote(documents))?.note;
  if (note?.state !== "copying") return note;
  throw new EngineError(
    "unavailable",
    "A copy into this data directory or cluster was interrupted, so streams are missing in it. Nothing was changed. Run the same millrace copy again.",
  );
}
