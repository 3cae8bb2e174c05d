/**
 * What an open console and a scraper of /metrics take from the rate of durable puts. Rounds with them and without them
 * alternate on one server, so that a slow minute affects both; prints the ratio of the rates of each pair:
 *   node_modules/.bin/node bench/console-cost.ts [--pairs 20] [--seconds 3]
 *
 * The requests are those of two tabs, the list of streams and the plots of a stream, at the intervals of console/src, and
 * the connection over which a tail hears of new records. They are sent by the load process: a browser on these two cores
 * would be measured as well. A round with pages begins with all of their requests at once, so that they send more than
 * open pages do. The server's CPU is counted too, which moves less than a rate does on a busy machine. Exits 1 if the
 * median pair loses more than 2 % of the rate.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { startMillraceServer } from "./contestants.ts";
import { cpuSeconds } from "./process-figures.ts";
import { RawConnection } from "./raw-connection.ts";
import { quantile } from "./report.ts";
import { lines } from "./scenarios.ts";
import { makeStep, type Step, StreamCaller, streamName } from "./steps.ts";
import { plainWire } from "./wire.ts";

const lossMax = 0.02;
const scenario = lines.map((line) => line.scenario).find(({ name }) => name === "put-record-c32");
const warmUpSeconds = 4;

/** Path under the server, and every how many seconds the page or the scraper asks for it. */
const polled: readonly (readonly [string, number])[] = [
  ["console/api/server", 5],
  ["console/api/server", 5],
  ["console/api/streams", 10],
  ["console/api/rates", 2],
  [`console/api/traffic?stream=${streamName}`, 2],
  [`console/api/history?stream=${streamName}`, 5],
  ["metrics", 5],
];
const describedEverySeconds = 4;

const { values: flags } = parseArgs({
  options: { pairs: { type: "string", default: "20" }, seconds: { type: "string", default: "3" } },
});

interface Round {
  readonly putsPerSecond: number;
  /** All the server's threads, in microseconds. */
  readonly cpuPerPut: number;
}

async function putFor(seconds: number, steps: readonly Step[], pid: number): Promise<Round> {
  const cpuBefore = cpuSeconds(pid);
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let stored = 0;
  const put = async (step: Step): Promise<void> => {
    while (performance.now() < endMs) {
      const { moved } = await step.run();
      stored += moved;
    }
  };
  await Promise.all(steps.map(put));
  const putsPerSecond = stored / ((performance.now() - startedMs) / 1_000);
  return { putsPerSecond, cpuPerPut: ((cpuSeconds(pid) - cpuBefore) * 1e6) / stored };
}

/** Median and quartiles. */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share).toFixed(3));
  return `${middle} (median), quartiles ${low} and ${high}`;
}

/** Asks as the pages do until the signal aborts; returns how many requests that were. */
async function keepPagesOpen(port: number, signal: AbortSignal): Promise<number> {
  const endpoint = `http://127.0.0.1:${port}`;
  let asked = 0;
  const every = async (seconds: number, ask: () => Promise<unknown>): Promise<void> => {
    while (!signal.aborted) {
      await ask();
      asked++;
      await pause(seconds * 1_000, undefined, { signal }).catch(() => undefined);
    }
  };
  const get = async (path: string): Promise<void> => {
    const response = await fetch(`${endpoint}/${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  };
  const hear = async (): Promise<void> => {
    const response = await fetch(`${endpoint}/console/api/news?stream=${streamName}`, { signal });
    for await (const line of response.body ?? []) asked += line.length > 0 ? 0 : 1;
  };
  const control = new StreamCaller(await RawConnection.open(port, { isTls: false }), plainWire);
  await Promise.all([
    ...polled.map(([path, seconds]) => every(seconds, () => get(path))),
    every(describedEverySeconds, () => control.call("DescribeStreamSummary", { StreamName: streamName })),
    hear().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  ]);
  return asked;
}

if (scenario === undefined) throw new Error("the scenario has another name");
buildServer();
const server = await startMillraceServer("durable");
try {
  const { port, pid } = server;
  const caller = new StreamCaller(await RawConnection.open(port, { isTls: false }), plainWire);
  const shardIds = await caller.createStream(streamName, scenario.shards);
  const steps: Step[] = [];
  for (let index = 0; index < scenario.connections; index++) {
    const connection = await RawConnection.open(port, { isTls: false });
    steps.push(makeStep(connection, { scenario, wire: plainWire, index, shardIds }));
  }
  await putFor(warmUpSeconds, steps, pid);
  const [pairs, seconds] = [Number(flags.pairs), Number(flags.seconds)];
  let asked = 0;
  const watched = async (): Promise<Round> => {
    const closing = new AbortController();
    const pages = keepPagesOpen(port, closing.signal);
    const round = await putFor(seconds, steps, pid);
    closing.abort();
    asked += await pages;
    return round;
  };
  const rates: number[] = [];
  const rateRatios: number[] = [];
  const cpuRatios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // Each order in turn: a rate that rises or falls over time favors neither.
    const watchedFirst = pair % 2 === 0 ? await watched() : undefined;
    const alone = await putFor(seconds, steps, pid);
    const withPages = watchedFirst ?? (await watched());
    rates.push(alone.putsPerSecond);
    rateRatios.push(withPages.putsPerSecond / alone.putsPerSecond);
    cpuRatios.push(withPages.cpuPerPut / alone.cpuPerPut);
  }
  const middleOf = (values: readonly number[]): number =>
    quantile(
      values.toSorted((one, other) => one - other),
      0.5,
    );
  console.log(`node ${process.version}, ${pairs} pairs of ${seconds} s, ${new Date().toISOString()}`);
  console.log(`puts without pages       ${middleOf(rates).toFixed(0)}/s (median)`);
  console.log(`requests of pages        ${asked} in ${pairs * seconds} s`);
  console.log(`rate with / without      ${spread(rateRatios)}`);
  console.log(`CPU a put with / without ${spread(cpuRatios)}`);
  if (middleOf(rateRatios) < 1 - lossMax) process.exitCode = 1;
} finally {
  await server.stop();
}
