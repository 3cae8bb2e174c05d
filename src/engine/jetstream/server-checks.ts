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
 * Tries on the servers what the log relies on: an id is stored once, and a fence refuses an append behind its marker and none
 * before it. Returns the leader's clock less this one's, in ms. Rejects with
 * `unavailable` and the step that did not behave so.
 */
export async function testFence(api: JetStreamApi, names: BucketNames, run: string): Promise<number> {
  const { records, fence } = subjectsOfTest(names, run);
  const append = (id: string): Promise<PublishOutcome> =>
    publish(api.connection, {
      subject: records,
      data: new Uint8Array(1),
      headers: {
        [messageHeaders.id]: `${run}.${id}`,
        [messageHeaders.timeToLive]: testKept,
        [messageHeaders.expectedLastSequence]: "0",
        [messageHeaders.expectedSubject]: fence,
      },
      timeoutMs: attemptMs,
    });
  let beforeMs = Date.now();
  let first = await append("a");
  // A bucket that another gateway has just made has no leader for a moment, nor has one in an election.
  for (const giveUpAt = beforeMs + answerMsMax; hasNoAnswer(first) && Date.now() < giveUpAt; ) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    beforeMs = Date.now();
    first = await append("a");
  }
  const afterMs = Date.now();
  expect(first.kind === "stored", "an append before the marker is stored", first);
  const repeated = await append("a");
  expect(repeated.kind === "stored" && repeated.isDuplicate, "an id is stored once", repeated);
  const marker = await publish(api.connection, {
    subject: fence,
    data: new Uint8Array(1),
    headers: { [messageHeaders.timeToLive]: testKept },
    timeoutMs: attemptMs,
  });
  expect(marker.kind === "stored", "a marker is stored", marker);
  const late = await append("b");
  expect(late.kind === "refused", "an append behind the marker is refused", late);
  const message = first.kind === "stored" ? await api.messageAt(names.stream, first.sequence) : undefined;
  return message === undefined ? 0 : message.timeMs - (beforeMs + afterMs) / 2;
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
