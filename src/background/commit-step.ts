import { EngineError } from "../engine/engine-error.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { Stream } from "../streams/stream.ts";

/**
 * Applies the result of a step to the newest document of its stream. Tags or consumers may have changed since the step
 * began; while the intent is the same, the step need not be repeated for that. Rejects with `conflict` when the stream has
 * another intent or is gone.
 */
export async function commitStep(
  registry: StreamRegistry,
  begun: StreamRevision,
  apply: (stream: Stream) => Stream,
): Promise<StreamRevision> {
  return await registry.inTurn(begun, async () => {
    const newest = registry.current(begun);
    if (newest === undefined || newest.stream.intent?.operationId !== begun.stream.intent?.operationId) {
      throw new EngineError("conflict", "The stream was changed by another operation; the reconciler starts again.");
    }
    return await registry.replace(newest, apply(newest.stream));
  });
}
