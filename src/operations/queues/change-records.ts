import { entryRefusals } from "../../model/queue-errors.ts";
import type { EntryOutcomes, RecordKind } from "../../queues/queue-calls.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireServingQueue } from "../require-queue.ts";

interface Entry {
  readonly ReceiptHandle: string;
}

interface EntriesInput<Each extends Entry = Entry> {
  readonly QueueARN: string;
  readonly Entries: readonly Each[];
}

/** Both lists in the order of the request; each entry is in one of them. */
interface EntryResults {
  readonly Successful: readonly Entry[];
  readonly Failed: readonly (Entry & { readonly ErrorCode: string; readonly ErrorMessage: string })[];
}

/** Durable when it resolves. Errors: ResourceNotFoundException. */
export async function acknowledgeRecords(
  kind: RecordKind,
  { QueueARN, Entries }: EntriesInput,
  context: OperationContext,
): Promise<EntryResults> {
  const found = requireServingQueue(QueueARN, context);
  return entryResults(Entries, await context.queues.acknowledge(found, kind, handlesOf(Entries)));
}

/** Takes dead letters; durable when it resolves. Errors: ResourceNotFoundException. */
export async function restoreRecords(
  { QueueARN, Entries }: EntriesInput,
  context: OperationContext,
): Promise<EntryResults> {
  const found = requireServingQueue(QueueARN, context);
  return entryResults(Entries, await context.queues.restore(found, handlesOf(Entries)));
}

/** Errors: ResourceNotFoundException. */
export async function changeRecordsVisibility(
  kind: RecordKind,
  { QueueARN, Entries }: EntriesInput<Entry & { readonly VisibilityTimeoutSeconds: number }>,
  context: OperationContext,
): Promise<EntryResults> {
  const found = requireServingQueue(QueueARN, context);
  const changes = Entries.map(({ ReceiptHandle: receiptHandle, VisibilityTimeoutSeconds: visibilitySeconds }) => {
    return { receiptHandle, visibilitySeconds };
  });
  return entryResults(Entries, await context.queues.changeVisibility(found, kind, changes));
}

function handlesOf(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ ReceiptHandle }) => ReceiptHandle);
}

function entryResults(entries: readonly Entry[], outcomes: EntryOutcomes): EntryResults {
  const successful: Entry[] = [];
  const failed: EntryResults["Failed"][number][] = [];
  for (const [i, { ReceiptHandle }] of entries.entries()) {
    const refusal = outcomes[i];
    if (refusal === undefined) {
      successful.push({ ReceiptHandle });
    } else {
      const { code, message } = entryRefusals[refusal];
      failed.push({ ReceiptHandle, ErrorCode: code, ErrorMessage: message });
    }
  }
  return { Successful: successful, Failed: failed };
}
