import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { call, ok, refusalOf, refused } from "./call.ts";
import type { Shard, StreamDescription } from "./outputs.ts";
import { type Pace, target } from "./target.ts";

/** The service takes up to a minute for most changes and several for a large reshard. */
const transitionMsMax = 300_000;
const run = randomBytes(4).toString("hex");
let nameCount = 0;

/** Never the same twice, in this run or in any other. */
export function uniqueName(word = "stream"): string {
  nameCount += 1;
  return `conformance-${run}-${process.pid}-${nameCount}-${word}`;
}

let knownAccount: string | undefined;

/** The caller's account number, as the service's own sentences print it. */
export async function account(): Promise<string> {
  if (knownAccount !== undefined) return knownAccount;
  const { message = "" } = await refused("DescribeStreamSummary", { StreamName: uniqueName("absent") });
  const [, found] = /under account (\d{12}) not found/.exec(message) ?? [];
  assert(found !== undefined, message);
  knownAccount = found;
  return found;
}

export async function streamArn(name: string): Promise<string> {
  return `arn:aws:kinesis:${target().region}:${await account()}:stream/${name}`;
}

/** Asks until the answer satisfies, quickly at first and then at a pace that the service's rates allow. */
export async function poll<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean, until: string): Promise<T> {
  const startMs = performance.now();
  for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 1.5, 2_000)) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    assert(performance.now() - startMs < transitionMsMax, `waited in vain until ${until}: ${JSON.stringify(answer)}`);
    await delay(pauseMs);
  }
}

export async function describe(StreamName: string, pace?: Pace): Promise<StreamDescription> {
  const { StreamDescription } = await ok("DescribeStream", { StreamName }, paced(pace));
  return StreamDescription;
}

export async function untilActive(name: string, pace?: Pace): Promise<StreamDescription> {
  return poll(
    () => describe(name, pace),
    ({ StreamStatus }) => StreamStatus === "ACTIVE",
    `${name} is ACTIVE`,
  );
}

export async function untilGone(name: string, pace?: Pace): Promise<void> {
  await poll(
    () => call("DescribeStreamSummary", { StreamName: name }, paced(pace)),
    (answer) => answer.status === 400 && refusalOf(answer).type === "ResourceNotFoundException",
    `${name} is gone`,
  );
}

export interface StreamOptions {
  /** Default 1; `on-demand` leaves the number of shards to the service. */
  readonly shards?: number | "on-demand";
  readonly pace?: Pace;
  /** More members of CreateStream. */
  readonly extra?: object;
}

/** Asks for a stream without waiting for it. Whatever becomes of it, it is deleted at the end of the surrounding suite. */
export async function createStream(
  { shards = 1, pace, extra }: StreamOptions = {},
  name = uniqueName(),
): Promise<string> {
  const mode = shards === "on-demand" ? { StreamModeDetails: { StreamMode: "ON_DEMAND" } } : { ShardCount: shards };
  await ok("CreateStream", { StreamName: name, ...mode, ...extra }, paced(pace));
  return name;
}

export async function deleteStream(name: string, pace?: Pace): Promise<void> {
  const answer = await call("DeleteStream", { StreamName: name, EnforceConsumerDeletion: true }, paced(pace));
  if (answer.status === 200) return;
  const { type } = refusalOf(answer);
  // Gone or going: a test has deleted it itself.
  assert(type === "ResourceNotFoundException" || type === "ResourceInUseException", answer.text);
}

/** An ACTIVE stream, described. */
export async function activeStream(options: StreamOptions = {}): Promise<StreamDescription> {
  return untilActive(await createStream(options), options.pace);
}

/** An ACTIVE stream for the time of one test. */
export async function withStream<T>(
  options: StreamOptions,
  use: (stream: StreamDescription) => Promise<T>,
): Promise<T> {
  const stream = await activeStream(options);
  try {
    return await use(stream);
  } finally {
    await deleteStream(stream.StreamName, options.pace);
  }
}

/** One stream for all tests of the surrounding suite; to be called in the body of `describe`. */
export function suiteStream(options: StreamOptions = {}): {
  readonly name: string;
  readonly arn: string;
  readonly shards: readonly Shard[];
} {
  const name = uniqueName();
  let described: StreamDescription | undefined;
  before(async () => {
    await createStream(options, name);
    described = await untilActive(name, options.pace);
  });
  after(() => deleteStream(name, options.pace));
  const made = (): StreamDescription => {
    assert(described !== undefined, "the stream is made before the tests run");
    return described;
  };
  return {
    name,
    get arn() {
      return made().StreamARN;
    },
    get shards() {
      return made().Shards;
    },
  };
}

export async function listShards(StreamName: string, pace?: Pace): Promise<readonly Shard[]> {
  return (await ok("ListShards", { StreamName }, paced(pace))).Shards;
}

function paced(pace: Pace | undefined): { readonly pace?: Pace } {
  return pace === undefined ? {} : { pace };
}
