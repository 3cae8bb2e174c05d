import type { AddedPage, FinishedContent, ObjectForm } from "./content-builder.ts";

/** Makes the bytes of objects. */
export interface ObjectMaker {
  begin(form: ObjectForm): ObjectInMaking;
}

/** An object without records at first. To be discarded in any case. */
export interface ObjectInMaking {
  /**
   * Adds records in the layout of entries, as parts of a page. They are copied before this returns, so that the next page may
   * be added before the promise resolves.
   */
  add(parts: readonly Uint8Array[]): Promise<AddedPage>;
  /** The bytes of the object, until `discard()`. */
  end(): Promise<FinishedContent>;
  /** Frees the memory. `isSettled`: nothing reads the bytes of the object any more, so that the next one may be made in them. */
  discard(isSettled: boolean): void;
}
