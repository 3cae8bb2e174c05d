import { EngineError } from "../engine-error.ts";
import { answerMsMax, type JetStreamApi } from "./api/jetstream-api.ts";
import { messageHeaders, type PublishOutcome, publish } from "./api/publish.ts";
import { type BucketNames, subjectsOfTest } from "./documents/document-names.ts";

const monitorMsMax = 3_000;
const attemptMs = 5_000;
const pauseMs = 50;
const testKept = "60s";

/** What the monitoring endpoint of a server says. */
export interface MonitorFacts {
  readonly syncsAlways: boolean;
  /** The server's wall clock; undefined: it does not tell. */
  readonly nowMs: number | undefined;
}

/** Asks a monitoring endpoint. Undefined: it does not answer. */
export async function readMonitor(monitorUrl: string): Promise<MonitorFacts | undefined> {
  try {
    const response = await fetch(new URL("/varz", monitorUrl), { signal: AbortSignal.timeout(monitorMsMax) });
    if (!response.ok) return undefined;
    const varz = (await response.json()) as {
      readonly now?: string;
      readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
    };
    const syncsAlways = varz.jetstream?.config?.sync_always === true;
    return { syncsAlways, nowMs: varz.now === undefined ? undefined : Date.parse(varz.now) };
  } catch {
    return undefined;
  }
}

/**
 * Tries on the servers what the log relies on: an id is stored once, a fence takes appends that name its last message and
 * refuses all others, and a message on a fence that names another one than the last is refused as well. Returns the leader's
 * clock less this one's, in ms. Rejects with `unavailable` and the step that did not behave so.
 */
export async function testFence(api: JetStreamApi, names: BucketNames, run: string): Promise<number> {
  const { records, fence } = subjectsOfTest(names, run);
  const store = (subject: string, headers: Readonly<Record<string, string>>): Promise<PublishOutcome> =>
    publish(api.connection, {
      subject,
      data: new Uint8Array(1),
      headers: { [messageHeaders.timeToLive]: testKept, ...headers },
      timeoutMs: attemptMs,
    });
  const append = (id: string, named = 0): Promise<PublishOutcome> =>
    store(records, {
      [messageHeaders.id]: `${run}.${id}`,
      [messageHeaders.expectedLastSequence]: String(named),
      [messageHeaders.expectedSubject]: fence,
    });
  const raise = (named: number): Promise<PublishOutcome> =>
    store(fence, { [messageHeaders.expectedLastSequence]: String(named) });
  let beforeMs = Date.now();
  let first = await append("a");
  // A bucket that another gateway has just made has no leader for a moment, nor has one in an election.
  for (const giveUpAt = beforeMs + answerMsMax; hasNoAnswer(first) && Date.now() < giveUpAt; ) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    beforeMs = Date.now();
    first = await append("a");
  }
  const afterMs = Date.now();
  expect(first.kind === "stored", "an append is stored while the fence has no message", first);
  const repeated = await append("a");
  expect(repeated.kind === "stored" && repeated.isDuplicate, "an id is stored once", repeated);
  // Later appends take its place in the bucket.
  const message = first.kind === "stored" ? await api.messageAt(names.stream, first.sequence) : undefined;
  const marker = await raise(0);
  expect(marker.kind === "stored", "a message on a fence without one is stored", marker);
  await expectBehind(sequenceOf(marker), append);
  const late = await raise(0);
  expect(late.kind === "refused", "a message on a fence that names none is refused behind one", late);
  const later = await raise(sequenceOf(marker));
  expect(later.kind === "stored", "a message on a fence that names the one before is stored", later);
  await expectBehind(sequenceOf(later), append, sequenceOf(marker));
  const end = await store(fence, {});
  expect(end.kind === "stored", "a marker that names none is stored", end);
  const behind = await append("c", sequenceOf(later));
  expect(behind.kind === "refused", "an append behind the marker is refused", behind);
  return message === undefined ? 0 : message.timeMs - (beforeMs + afterMs) / 2;
}

/** Behind the message `last` on the fence, what names that one is stored, and what names an earlier one or none is not. */
async function expectBehind(
  last: number,
  append: (id: string, named: number) => Promise<PublishOutcome>,
  earlier = 0,
): Promise<void> {
  for (const named of new Set([0, earlier])) {
    const late = await append(`late.${last}.${named}`, named);
    expect(late.kind === "refused", "an append that names an earlier message of the fence, or none, is refused", late);
  }
  const next = await append(`next.${last}`, last);
  expect(next.kind === "stored", "an append that names the last message of the fence is stored", next);
}

function sequenceOf(outcome: PublishOutcome): number {
  return outcome.kind === "stored" ? outcome.sequence : 0;
}

function hasNoAnswer({ kind }: PublishOutcome): boolean {
  return kind === "unserved" || kind === "unknown";
}

function expect(isSo: boolean, rule: string, outcome: PublishOutcome): void {
  if (isSo) return;
  throw new EngineError(
    "unavailable",
    `The NATS servers do not keep a rule that the log relies on (${rule}; the outcome was ${outcome.kind}), so nothing is written to them.`,
  );
}
