/*
 * What stands between the destination of a channel and what makes the bytes of its batches from records: an object, or the files
 * of a table.
 */

/** Why a record cannot be delivered. Part of the dead letters. */
export interface RecordFault {
  readonly code: string;
  readonly message: string;
}

/** What became of the records of a page. */
export interface AddedPage {
  /** Records that are in the content. */
  readonly recordCount: number;
  /** Bytes of data of all records, those with faults too. */
  readonly dataBytes: number;
  /** By the number of the record in the page, ascending. */
  readonly faults: readonly (readonly [number: number, fault: RecordFault])[];
  /** Files of the content so far, and their bytes without those that are not compressed or written yet. */
  readonly fileCount: number;
  readonly storedBytes: number;
}

export interface FinishedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
  readonly recordCount: number;
  /** The partition of a table whose rows are in it, in hours since the epoch; empty where nothing is partitioned. */
  readonly hours: readonly number[];
}

/** Makes contents of a form. */
export interface ContentMaker<in Form> {
  begin(form: Form): ContentInMaking;
}

/** A content without records at first. To be discarded in any case. */
export interface ContentInMaking {
  /**
   * Adds records in the layout of entries, as parts of a page. They are copied before this returns, so that the next page may
   * be added before the promise resolves.
   */
  add(parts: readonly Uint8Array[]): Promise<AddedPage>;
  /** The files, none without records. Their bytes stay until `discard()`. */
  end(): Promise<readonly FinishedFile[]>;
  /** Frees the memory. `isSettled`: nothing reads the bytes any more, so that the next content may be made in them. */
  discard(isSettled: boolean): void;
}

/** Makes one content in the thread that calls it. */
export interface ContentBuilder {
  /** Adds records in the layout of entries. The page is overwritten, and may be reused when the promise settles. */
  add(page: Uint8Array): Promise<AddedPage>;
  end(): Promise<readonly FinishedFile[]>;
  /** Returns memory that no write touches any more and that another content may be made in, if there is any. */
  discard(): ArrayBuffer | undefined;
}
