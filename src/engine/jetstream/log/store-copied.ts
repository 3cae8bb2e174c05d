import { EngineError } from "../../engine-error.ts";
import type { StoredEntry } from "../../shard-log.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import { messageHeaders, type PublishOutcome, publishRepeatedly } from "../api/publish.ts";
import { encodeLogMessage } from "../format/log-message.ts";
import { countOfNextMessage, type LaneContext } from "./append-lane.ts";
import type { ShardState } from "./shard-state.ts";

/**
 * Stores copied entries behind the last message of a log, one message after another. Each names the message that it follows,
 * so that nothing of an interrupted copy, still on its way, can come between or twice. `last`: the sequence of the log's last
 * message with records, or 0. Rejects with `conflict` if something else has written to the log.
 */
export async function storeCopied(
  context: LaneContext,
  shard: ShardState,
  entries: readonly StoredEntry[],
  last: number,
): Promise<void> {
  const { session, nowMs } = context;
  const left = entries.map(({ count, timeMs, body, position, storedMs }) => {
    return { count, timeMs, body, copied: { position, storedMs } };
  });
  for (let expected = last; left.length > 0; ) {
    const message = left.splice(0, countOfNextMessage(left));
    const { sequence: previousSequence, ms: previousMs } = shard.copied;
    const data = encodeLogMessage(message, { session, previousSequence, previousMs });
    expected = await storeBehind(context, shard, data, expected);
    shard.copied = { sequence: expected, ms: nowMs() };
    const { copied, count } = message.at(-1) as (typeof message)[number];
    shard.learnLast({ sequence: expected, end: copied.position + BigInt(count), isAcknowledgedHere: true });
  }
}

async function storeBehind(
  { api, nextId }: LaneContext,
  shard: ShardState,
  data: Uint8Array,
  expected: number,
): Promise<number> {
  const { records: subject } = shard.subjects;
  const id = nextId();
  const headers = { [messageHeaders.id]: id, [messageHeaders.expectedLastSequence]: String(expected) };
  const outcome = await publishRepeatedly(api.connection, { subject, data, headers }, () =>
    shard.assertGroupExists(api),
  );
  if (outcome.kind === "stored") return outcome.sequence;
  if (outcome.kind === "refused") return await sequenceOfAttempt(api, shard, id);
  throw gaveUp(shard, outcome);
}

/** For a message that another one came before: an attempt without an answer may have stored it. */
async function sequenceOfAttempt(api: JetStreamApi, { subjects, title }: ShardState, id: string): Promise<number> {
  const last = await api.lastMessage(subjects.group, subjects.records);
  if (last?.id === id) return last.sequence;
  throw new EngineError("conflict", `${title} was written to by something else than this copy.`);
}

function gaveUp({ title }: ShardState, outcome: PublishOutcome): EngineError {
  const why = outcome.kind === "failed" ? `the servers refuse it: ${outcome.reason}` : "the log group has no leader";
  return new EngineError("indeterminate", `The copy of ${title} stopped: ${why}. Run the command again.`);
}
