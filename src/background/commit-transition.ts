import { EngineError } from "../engine/engine-error.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Stream } from "../streams/stream.ts";

/**
 * Writes the end of a step into the newest document of its stream. Tags or consumers may have changed while the step was
 * at work; as long as the intent is the same one, the step is applied to them too instead of being done again. Rejects
 * with `conflict` when another intent has come.
 */
export async function commitTransition(
  directory: StreamRegistry,
  begun: StreamRevision,
  apply: (stream: Stream) => Stream,
): Promise<StreamRevision> {
  return await directory.inTurn(begun, async () => {
    const newest = directory.current(begun);
    if (newest?.stream.intent?.operationId !== begun.stream.intent?.operationId || newest === undefined) {
      throw new EngineError("conflict", "The stream has another intent by now.");
    }
    return await directory.replace(newest, apply(newest.stream));
  });
}
