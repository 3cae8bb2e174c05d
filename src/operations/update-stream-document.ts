import { EngineError } from "../engine/engine-error.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";

/** Races lost in a row, against other servers on the same catalog, before a change gives up. */
const attemptsMax = 20;

/** How long news of another server's change may take to reach this one. */
const newsMsMax = 1_000;

/**
 * Changes one stream's document: `plan` finds the stream, checks all that the operation demands and says what the document
 * is to be, or throws the caller's error. It is asked when the change has its turn, and again when another server's change
 * came first, so every check holds for the very document that is replaced.
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
        const lostRace = error instanceof EngineError && error.kind === "conflict";
        if (!lostRace || attempt === attemptsMax) throw error;
        await registry.superseded(revision, AbortSignal.timeout(newsMsMax));
      }
    }
  });
}
