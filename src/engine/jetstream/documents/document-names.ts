/** The bucket of documents: a JetStream key-value bucket that the tools of NATS can read. */
export interface BucketNames {
  readonly bucket: string;
  /** The bucket's JetStream stream. */
  readonly stream: string;
  readonly subjects: string;
  /** Where the servers push what they store. */
  readonly pushes: string;
}

export function bucketNames(prefix: string): BucketNames {
  const bucket = `${prefix}_documents`;
  return { bucket, stream: `KV_${bucket}`, subjects: `$KV.${bucket}.>`, pushes: `${prefix}.push.documents.>` };
}

const documentMark = "d";

/** Keys of documents may have any characters, so they are written as base64url behind `d.`. */
export function subjectOfDocument({ bucket }: BucketNames, key: string): string {
  return `$KV.${bucket}.${documentMark}.${Buffer.from(key).toString("base64url")}`;
}

/** Undefined for subjects of the bucket that are no documents. */
export function documentOfSubject({ bucket }: BucketNames, subject: string): string | undefined {
  const start = `$KV.${bucket}.${documentMark}.`;
  return subject.startsWith(start) ? Buffer.from(subject.slice(start.length), "base64url").toString() : undefined;
}

/** The note that a log group was made. */
export function subjectOfGroup({ bucket }: BucketNames, group: string): string {
  return `$KV.${bucket}.g.${group}`;
}

/** Undefined for subjects of the bucket that are no notes of log groups. `*` for the group: the subjects of all. */
export function groupOfSubject(names: BucketNames, subject: string): string | undefined {
  const start = subjectOfGroup(names, "");
  return subject.startsWith(start) ? subject.slice(start.length) : undefined;
}

/** Subjects of one run of the fence's test, which expire. */
export function subjectsOfTest({ bucket }: BucketNames, run: string) {
  return { records: `$KV.${bucket}.t.${run}.r`, fence: `$KV.${bucket}.t.${run}.f` };
}

/**
 * Revisions: twice the sequence of the message, and one more for a deletion. So the revision of a deletion is never taken
 * for that of a document.
 */
export function revisionOf(sequence: number, isDeletion: boolean): bigint {
  return BigInt(sequence) * 2n + (isDeletion ? 1n : 0n);
}

/** Undefined for a revision that no document has. */
export function sequenceOfRevision(revision: bigint): number | undefined {
  return revision % 2n === 0n ? Number(revision / 2n) : undefined;
}
