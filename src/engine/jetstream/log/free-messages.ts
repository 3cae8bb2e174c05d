import { directGet } from "../api/direct-get.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import type { LogSubjects } from "../format/subjects.ts";
import { groupIsGone } from "./log-groups.ts";
import type { VerifiedReader } from "./verified-reader.ts";

/** Messages are freed in parts of so much time at least, because each removal is one more entry in the log of the servers. */
const partMs = 300_000;
/** Times of messages are those of the servers that led, which may differ by this much. */
const clockDifferenceMs = 60_000;

export interface FreeMessagesContext {
  readonly api: JetStreamApi;
  readonly verified: VerifiedReader;
  readonly nowMs: () => number;
}

/**
 * Removes the messages of a log group that were stored before a time by the clock of the servers: of a gateway whose clock is
 * ahead, only what is as old by theirs. What is removed follows from messages that were found, not from those that were
 * not: a replica may skip, and may be behind.
 */
export async function freeMessages(
  { api, verified, nowMs }: FreeMessagesContext,
  { group, records }: Pick<LogSubjects, "group" | "records">,
  timeMs: number,
): Promise<void> {
  const info = await api.streamInfo(group);
  if (info === undefined) throw groupIsGone(group);
  const serverMs = Date.parse(info.ts ?? "");
  if (Number.isNaN(serverMs)) return;
  const aheadMs = Math.max(0, nowMs() - serverMs);
  const beforeMs = timeMs - aheadMs - clockDifferenceMs;
  const { messages } = await directGet(api.connection, {
    stream: group,
    subject: records,
    from: { sequence: 1 },
    messagesMax: 1,
  });
  const [oldest] = messages;
  if (oldest === undefined || oldest.timeMs > beforeMs - partMs) return;
  const kept = await verified.first({ group, records }, { timeMs: beforeMs });
  if (kept !== undefined) return await api.purge(group, records, kept.sequence);
  const last = await api.lastMessage(group, records);
  if (last !== undefined && last.timeMs < beforeMs) await api.purge(group, records, last.sequence + 1);
}
