import type { StreamRevision } from "../registry/stream-revision.ts";
import { findQueue, replaceQueue } from "../streams/queue-ref.ts";
import { queueStartMs } from "../streams/queue-settings.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { Stream, StreamQueue } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import type { ReconcilerContext } from "./reconciler-context.ts";

/**
 * Carries out the first transition of a queue that is due: CREATING or UPDATING to ACTIVE, DELETING to removed. May be
 * repeated from its start after a crash. Rejects with `conflict` when the stream has another intent meanwhile.
 */
export async function carryOutQueue(
  context: ReconcilerContext,
  revision: StreamRevision,
  nowMs: number,
): Promise<StreamRevision> {
  const due = (revision.stream.queues ?? []).find(({ dueMs }) => dueMs !== undefined && dueMs <= nowMs);
  if (due === undefined) return revision;
  const apply = await changeOf(context, revision, due);
  return await commitStep(context.registry, revision, (newest) => {
    const row = findQueue(newest, due.id);
    // A queue that was deleted meanwhile has another status, and another transition.
    return row === undefined || row.status !== due.status ? newest : apply(newest, row);
  });
}

type Change = (stream: Stream, row: StreamQueue) => Stream;

async function changeOf(
  { queues, queueNames, clock }: ReconcilerContext,
  revision: StreamRevision,
  queue: StreamQueue,
): Promise<Change> {
  const { stream } = revision;
  switch (queue.status) {
    case "CREATING": {
      const stateLog = await queues.openStateLog(queue.id);
      const startMs = queueStartMs(queue, trimHorizonMs(clock.nowMs(), stream));
      return (newest, row) => replaceQueue(newest, { ...active(row), startMs, stateLog });
    }
    case "DELETING": {
      await queues.drop(queue);
      // Before the row: a name whose row is gone must be free.
      await queueNames.release({ account: stream.account, region: stream.region, name: queue.name }, queue.id);
      return (newest, { id }) => withoutQueue(newest, id);
    }
    default:
      return (newest, row) => replaceQueue(newest, active(row));
  }
}

function active({ dueMs: _done, ...row }: StreamQueue): StreamQueue {
  return { ...row, status: "ACTIVE" };
}

function withoutQueue(stream: Stream, queueId: string): Stream {
  const queues = (stream.queues ?? []).filter(({ id }) => id !== queueId);
  if (queues.length > 0) return { ...stream, queues };
  const { queues: _none, ...rest } = stream;
  return rest;
}
