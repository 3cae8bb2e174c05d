import type { ServiceError } from "../model/service-error.ts";
import type { NameStore } from "../registry/name-store.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";
import { updateStreamDocument } from "./update-stream-document.ts";

/** The id of a queue or channel has this many characters of `[a-z0-9]`. */
const idLength = 20;

/** A new queue or channel. */
export interface NamedRow {
  readonly name: string;
  readonly names: NameStore;
  /** Whether the caller has a row of this kind with an id. */
  readonly isUsed: (id: string) => boolean;
  /** As for `updateStreamDocument()`: adds the row with an id. It refuses a name that a row has. */
  readonly plan: (id: string) => readonly [StreamRevision, Stream];
  /** The refusal where another row has the name, or is being made with it. */
  readonly exists: () => ServiceError;
}

/** Reserves the name, then writes the row into the document of its stream. Returns its id, and the stream with it. */
export async function createNamedRow(
  context: OperationContext,
  { name, names, isUsed, plan, exists }: NamedRow,
): Promise<{ readonly id: string; readonly stream: Stream }> {
  const { account, region } = context.caller;
  const id = context.newId().replaceAll("-", "").slice(0, idLength);
  // Before anything is written: what is refused reserves no name.
  plan(id);
  const place = { account, region, name };
  if (!(await names.reserve(place, id, isUsed))) throw exists();
  const { stream } = await updateStreamDocument(context, () => plan(id)).catch(async (error: unknown) => {
    // A write whose outcome is unknown may have made the row: then its name stays reserved.
    if (!isUsed(id)) await names.release(place, id);
    throw error;
  });
  return { id, stream };
}
