import { EngineError } from "../../engine-error.ts";
import { answerMsMax, type JetStreamApi } from "../api/jetstream-api.ts";
import { keptForever, messageHeaders, publishRepeatedly } from "../api/publish.ts";
import { encodeEpochMessage } from "../format/fence-message.ts";
import { emptyFence, type OpenFence, readFence } from "./fence-state.ts";
import type { ShardState } from "./shard-state.ts";

const pauseMs = 50;

/**
 * Opens a settings epoch on each fence of a log: an append that names an earlier message there is not stored any more. The
 * message follows on the one before it or not at all, so none hides the marker that ends the log, nor a later epoch. Resolves
 * with the epoch of the log; a log that has ended takes no appends, whatever their epoch.
 */
export async function raiseFences(api: JetStreamApi, shard: ShardState, settingsEpoch: number): Promise<number> {
  const epochs = await Promise.all(shard.subjects.fences.map((fence) => raiseFence(api, shard, fence, settingsEpoch)));
  return Math.max(settingsEpoch, ...epochs);
}

async function raiseFence(
  api: JetStreamApi,
  shard: ShardState,
  subject: string,
  settingsEpoch: number,
): Promise<number> {
  const data = encodeEpochMessage(settingsEpoch);
  const giveUpAt = performance.now() + answerMsMax;
  for (let last: OpenFence | "ended" = emptyFence; ; ) {
    if (last === "ended") return settingsEpoch;
    if (last.settingsEpoch >= settingsEpoch) return last.settingsEpoch;
    const named: number = last.sequence;
    const headers = { [messageHeaders.expectedLastSequence]: String(named), ...keptForever };
    // Contends with appends that are on their way with the same expectation.
    const outcome = await publishRepeatedly(api.connection, { subject, data, headers }, () =>
      shard.assertGroupExists(api),
    );
    if (outcome.kind === "stored") return settingsEpoch;
    if (outcome.kind !== "refused" || performance.now() > giveUpAt) throw gaveUp(api, shard);
    const state: OpenFence | "ended" | "unchanged" = await readFence(api, shard, subject, named);
    if (state !== "unchanged") last = state;
    else await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function gaveUp({ connection }: JetStreamApi, { title }: ShardState): EngineError {
  return connection.isClosed
    ? new EngineError("closed", "The jetstream engine is closed.")
    : new EngineError("unavailable", `${title} could not be fenced: the log group has no leader.`);
}
