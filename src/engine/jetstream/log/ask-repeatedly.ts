import { EngineError } from "../../engine-error.ts";
import { answerMsMax, type JetStreamApi } from "../api/jetstream-api.ts";
import type { ShardState } from "./shard-state.ts";

const pauseMs = 50;

/**
 * Asks the replicas of a shard's log until one answers, for as long as an append would be held. Rejects as the last request
 * did when the time is over, with `closed` at the close, and with `not_found` or `unavailable` when the log group is gone.
 */
export async function askRepeatedly<Answer>(
  api: JetStreamApi,
  shard: Pick<ShardState, "assertGroupExists">,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const giveUpAt = performance.now() + answerMsMax;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (api.connection.isClosed) throw new EngineError("closed", "The jetstream engine is closed.");
      if (performance.now() > giveUpAt) throw error;
      // Requests for a group that is gone have no answer, either.
      await shard.assertGroupExists(api);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
