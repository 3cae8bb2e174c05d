import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { randomStream, recordedRequests } from "./random-stream.ts";
import { faultOf, NodeReader, type Pieces, readByHeads, readFast } from "./read-both-ways.ts";

/** How many requests the fast path served, and how many bytes it handed over. */
export interface Compared {
  readonly servedCount: number;
  readonly handedOverBytes: number;
}

const node = new NodeReader();
// So many streams wait for turns of the loop together.
const concurrency = 64;

/** Streams of the seeds `seed` to `seed + count - 1`. Throws at the first difference, with its seed. */
export function compareRandomStreams(seed: number, count: number): Promise<Compared> {
  return compareAll(count, async (index) => {
    const { pieces, isSlow } = randomStream(seed + index);
    return compare(pieces, isSlow, `seed ${seed + index}`);
  });
}

/** As `compareRandomStreams`, for what node:http gets head by head; resolves with the number of requests. */
export async function compareByHeads(seed: number, count: number): Promise<number> {
  const { servedCount } = await compareAll(count, async (index) => {
    const { pieces } = randomStream(seed + index);
    const [served, expected] = await Promise.all([readByHeads(pieces), node.readUpToError(Buffer.concat(pieces))]);
    const { requests, isClosed } = served;
    // By itself node:http handles also what it has parsed behind a request whose response closes the connection.
    const responded = isClosed ? expected.requests.slice(0, requests.length) : expected.requests;
    const compared = goesOnAfterUpgrade(expected.requests)
      ? requests.filter((request) => responded.some((other) => isDeepStrictEqual(request, other)))
      : requests;
    // A pipelined request without a body is handled at once, one with a body some microtasks later.
    assert.deepEqual(inOneOrder(compared), inOneOrder(responded), `seed ${seed + index}`);
    return { servedCount: requests.length, handedOverBytes: 0 };
  });
  return servedCount;
}

/** node:http by itself drops what has come with a request that asks for an upgrade, where no upgrade is offered. */
function goesOnAfterUpgrade(requests: readonly { readonly headers: Readonly<Record<string, string>> }[]): boolean {
  return requests.at(-1)?.headers["upgrade"] !== undefined;
}

function inOneOrder(requests: readonly object[]): readonly string[] {
  return requests.map((request) => JSON.stringify(request)).toSorted();
}

/** Every request cut in two at each `step`th byte, with another request behind it. */
export async function compareSplits(step: number): Promise<Compared> {
  let total: Compared = { servedCount: 0, handedOverBytes: 0 };
  for (const { client, text } of recordedRequests) {
    const bytes = Buffer.from(text, "latin1");
    const cuts = Math.ceil(bytes.length / step);
    const compared = await compareAll(cuts, (index) => {
      const at = index * step;
      const pieces = [bytes.subarray(0, at), bytes.subarray(at), bytes].filter(({ length }) => length > 0);
      return compare(pieces, true, `${client}, cut at byte ${at}`);
    });
    total = sum(total, compared);
  }
  return total;
}

async function compareAll(count: number, one: (index: number) => Promise<Compared>): Promise<Compared> {
  let next = 0;
  let total: Compared = { servedCount: 0, handedOverBytes: 0 };
  const worker = async (): Promise<void> => {
    while (next < count) total = sum(await one(next++), total);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return total;
}

function sum(one: Compared, other: Compared): Compared {
  return {
    servedCount: one.servedCount + other.servedCount,
    handedOverBytes: one.handedOverBytes + other.handedOverBytes,
  };
}

async function compare(pieces: Pieces, isSlow: boolean, name: string): Promise<Compared> {
  const result = await readFast(pieces, { isSlow });
  const fault = await faultOf(pieces, result, node);
  assert.equal(fault, undefined, name);
  return { servedCount: result.requests.length, handedOverBytes: result.rest.length };
}
