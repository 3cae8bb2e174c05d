import { EngineError } from "../../engine-error.ts";
import { answerMsMax, type JetStreamApi, type LeaderMessage } from "../api/jetstream-api.ts";
import { decodeFenceMessage } from "../format/fence-message.ts";
import type { ShardState } from "./shard-state.ts";

const pauseMs = 50;

/** The last message on the fence of an open log. */
export interface OpenFence {
  /** 0: there is none. Appends name it as the one that they expect. */
  readonly sequence: number;
  /** Appends with a lower one are not stored. */
  readonly settingsEpoch: number;
}

export const emptyFence: OpenFence = { sequence: 0, settingsEpoch: 0 };

/**
 * What a fence says to what names `named`, by its last message. `unchanged`: that is the named one, and a leader that another
 * one has followed, and does not know of it yet, has refused. `outdated`: it is an earlier one, by such a leader. Throws
 * `corrupt` for a damaged message.
 */
export function fenceStateOf(
  last: Pick<LeaderMessage, "sequence" | "data"> | undefined,
  named: number,
): OpenFence | "ended" | "unchanged" | "outdated" {
  const sequence = last?.sequence ?? 0;
  if (last === undefined || sequence <= named) return sequence === named ? "unchanged" : "outdated";
  const settingsEpoch = decodeFenceMessage(last.data);
  return settingsEpoch === undefined ? "ended" : { sequence: last.sequence, settingsEpoch };
}

/**
 * Asks the leader for the last message on a fence, which refused what names `named`. Rejects with `unavailable` if it shows
 * earlier ones for as long as an append is held.
 */
export async function readFence(
  api: JetStreamApi,
  { subjects, title }: ShardState,
  fence: string,
  named: number,
): Promise<OpenFence | "ended" | "unchanged"> {
  const giveUpAt = performance.now() + answerMsMax;
  for (;;) {
    const state = fenceStateOf(await api.lastMessage(subjects.group, fence), named);
    if (state !== "outdated") return state;
    if (performance.now() > giveUpAt) {
      throw new EngineError(
        "unavailable",
        `Nothing was stored: a message that fences ${title} is gone from the NATS servers. See the runbook in docs/cluster.md.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
