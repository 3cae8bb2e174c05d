import { entryRefusals } from "../../model/queue-errors.ts";
import type { EntryOutcomes } from "../../queues/queue-calls.ts";

interface Entry {
  readonly ReceiptHandle: string;
}

interface EntryResults {
  readonly Successful: readonly Entry[];
  readonly Failed: readonly (Entry & { readonly ErrorCode: string; readonly ErrorMessage: string })[];
}

/** Both lists in the order of the request; each entry is in one of them. */
export function entryResults(entries: readonly Entry[], outcomes: EntryOutcomes): EntryResults {
  const successful: EntryResults["Successful"][number][] = [];
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
