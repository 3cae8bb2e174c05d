import { EngineError } from "../../engine-error.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import { keptForever, messageHeaders, publishRepeatedly } from "../api/publish.ts";
import { encodeLogEnd } from "../format/log-message.ts";
import type { ShardState } from "./shard-state.ts";

const nothing = new Uint8Array();

/** Only while its subject has no message: the first one counts. */
const onlyFirst = { [messageHeaders.expectedLastSequence]: "0" } as const;

/**
 * Ends a log for every writer and returns the sequence of its end. A marker on each fence comes first: an append is
 * stored only before the marker of its fence. The end is stored behind all of them, once, and has the sequence at which
 * the log ends; readers meet it in the order of the log.
 */
export async function sealLog(api: JetStreamApi, shard: ShardState, nowMs: number): Promise<number> {
  await closeFences(api, shard);
  const last = await api.lastMessage(shard.subjects.group, shard.subjects.records);
  const data = encodeLogEnd({ lastSequence: last?.sequence ?? 0, lastMs: last === undefined ? 0 : nowMs });
  return await storeMarker(api, shard, { subject: shard.subjects.end, data, headers: onlyFirst });
}

/** Ends a log, marks it as dropped and removes its records. The markers stay, so that no late append brings it back. */
export async function dropLog(api: JetStreamApi, shard: ShardState): Promise<void> {
  await closeFences(api, shard);
  await storeMarker(api, shard, { subject: shard.subjects.dropped, data: nothing, headers: onlyFirst });
  await api.purge(shard.subjects.group, shard.subjects.records);
}

async function closeFences(api: JetStreamApi, shard: ShardState): Promise<void> {
  const { fences } = shard.subjects;
  await Promise.all(
    fences.map((subject) => {
      // Without an expectation, so that appends in flight cannot hold it up.
      return storeMarker(api, shard, { subject, data: nothing, headers: { [messageHeaders.id]: `close ${subject}` } });
    }),
  );
}

interface Marker {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Stores a message that retention does not remove. Returns its sequence, or that of the one that was there first. */
async function storeMarker(api: JetStreamApi, shard: ShardState, { subject, data, headers }: Marker): Promise<number> {
  const publication = { subject, data, headers: { ...headers, ...keptForever } };
  const outcome = await publishRepeatedly(api.connection, publication, () => shard.assertGroupExists(api));
  if (outcome.kind === "stored") return outcome.sequence;
  if (outcome.kind === "refused") return outcome.lastSequence;
  if (api.connection.isClosed) throw new EngineError("closed", "The jetstream engine is closed.");
  throw new EngineError("unavailable", `${shard.title} could not be ended: the log group has no leader.`);
}
