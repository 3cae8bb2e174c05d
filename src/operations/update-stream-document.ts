import { isConflict } from "../engine/engine-error.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";

/** Conflicts in a row with other servers on the same document store before an update fails. */
const attemptsMax = 20;

/** Longest wait for the registry to receive the change that caused a conflict. */
const newRevisionWaitMs = 1_000;

/**
 * Updates one stream document with compare-and-swap. `plan` finds the stream, makes all checks of the operation and returns
 * the revision with its next document, or throws the caller's error. It runs again after a conflict, so all checks hold for
 * the document that is replaced.
 */
export async function updateStreamDocument(
  { registry }: OperationContext,
  plan: () => readonly [StreamRevision, Stream],
): Promise<StreamRevision> {
  const [first] = plan();
  return await registry.inTurn(first, async () => {
    for (let attempt = 1; ; attempt++) {
      const [revision, next] = plan();
      if (next === revision.stream) return revision;
      try {
        return await registry.replace(revision, next);
      } catch (error) {
        if (!isConflict(error) || attempt === attemptsMax) throw error;
        await registry.superseded(revision, AbortSignal.timeout(newRevisionWaitMs));
      }
    }
  });
}
