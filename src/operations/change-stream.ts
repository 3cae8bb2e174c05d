import type { LiveStream } from "../directory/live-stream.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";

/** Lost races in a row before a change gives up: each one means that somebody else's change went through. */
const attemptsMax = 20;

/**
 * Changes one stream's document: `plan` finds the stream, checks all that the operation demands and says what the document
 * is to be, or throws the caller's error. When somebody else's change came first it is asked again, so every check holds
 * for the very document that is replaced.
 */
export async function changeStream(
  { directory }: OperationContext,
  plan: () => readonly [LiveStream, Stream],
): Promise<LiveStream> {
  for (let attempt = 1; ; attempt++) {
    const [live, next] = plan();
    if (next === live.stream) return live;
    try {
      return await directory.replace(live, next);
    } catch (error) {
      const lostRace = error instanceof EngineError && error.kind === "conflict";
      if (!lostRace || attempt === attemptsMax) throw error;
      // Where several servers share a catalog the newer document is on its way to us; here it has already arrived.
      await directory.superseded(live, AbortSignal.timeout(1_000));
    }
  }
}
