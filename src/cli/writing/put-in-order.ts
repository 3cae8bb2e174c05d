import { type KeyOrder, KeyQueueMap, type QueuedEntry } from "./key-queues.ts";
import { type PutOptions, type PutOutcome, putBatch } from "./put-batch.ts";

export interface PutInOrderOptions<Entry extends QueuedEntry> extends PutOptions {
  readonly order: KeyOrder;
  /** Requests at once. */
  readonly requestsMax: number;
  /** Each entry, once, when its fate is known; entries of one key in their order. May throw, which ends the put. */
  readonly onOutcome: (entry: Entry, outcome: PutOutcome) => void;
  /** Looks ahead for other keys at most this far. */
  readonly windowEntriesMax?: number;
}

const windowBytesMax = 64 * 1024 * 1024;
const windowEntriesDefault = 20_000;

/**
 * Puts entries as they come, in batches: the more wait, the larger a batch. Entries of one key are stored in their order,
 * unless `order` is `none`. Resolves when the fate of all is known.
 */
export async function putInOrder<Entry extends QueuedEntry>(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  options: PutInOrderOptions<Entry>,
): Promise<void> {
  const { order, requestsMax, onOutcome, windowEntriesMax = windowEntriesDefault } = options;
  const queues = new KeyQueueMap<Entry>(order);
  let failure: { readonly error: unknown } | undefined;
  let inFlight = 0;
  let wake = (): void => undefined;

  const send = async (batch: readonly Entry[]): Promise<void> => {
    try {
      const outcomes = await putBatch(batch, options);
      for (const [index, outcome] of outcomes.entries()) onOutcome(batch[index] as Entry, outcome);
    } catch (error) {
      failure ??= { error };
    }
    queues.finish(batch);
    inFlight--;
    pump();
    wake();
  };
  const pump = (): void => {
    while (inFlight < requestsMax && failure === undefined) {
      const batch = queues.take();
      if (batch.length === 0) return;
      inFlight++;
      void send(batch);
    }
  };
  /** Until a request has ended. */
  const requestEnd = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  // A batch is taken at the end of the tick, so that entries that come together are sent together.
  let isPumpDue = false;
  const pumpSoon = (): void => {
    if (isPumpDue) return;
    isPumpDue = true;
    setImmediate(() => {
      isPumpDue = false;
      pump();
    });
  };

  try {
    for await (const entry of entries) {
      queues.add(entry);
      pumpSoon();
      while ((queues.entries >= windowEntriesMax || queues.bytes >= windowBytesMax) && failure === undefined) {
        pump();
        await requestEnd();
      }
      if (failure !== undefined) break;
    }
  } catch (error) {
    // The input has failed; what is in flight is still waited for.
    failure ??= { error };
  }
  pump();
  while (inFlight > 0) await requestEnd();
  if (failure !== undefined) throw failure.error;
}
