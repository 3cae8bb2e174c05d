/**
 * What an open console and a scraper of /metrics take from durable puts:
 *   node_modules/.bin/node bench/console-cost.ts [--pairs 20] [--seconds 3]
 *
 * Rounds with pages and without them alternate on one server, so that a slow minute affects both. In the first half of the
 * pairs the puts come at an even rate, and the server's CPU is counted: what pages add is the part of a core that puts cannot
 * have. In the second half as many puts are made as the server takes, and the rates are compared; on a machine with other
 * work these move by more than the pages take.
 *
 * The requests are those of two tabs, the list of streams and the plots of a stream, at the intervals of console/src, and
 * the connection over which a tail hears of new records. They are sent by the load process: a browser on these two cores
 * would be measured as well. Each begins at a random point of its interval, as those of pages that were opened before the round.
 * Exits 1 if the pages take more than 2 % of a core.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { startMillraceServer } from "./contestants.ts";
import { cpuSeconds } from "./process-figures.ts";
import { RawConnection } from "./raw-connection.ts";
import { mean, quantile } from "./report.ts";
import { lines } from "./scenarios.ts";
import { makeStep, type Step, StreamCaller, streamName } from "./steps.ts";
import { plainWire } from "./wire.ts";

const coreShareMax = 0.02;
const scenario = lines.map((line) => line.scenario).find(({ name }) => name === "put-record-c32");
const warmUpSeconds = 4;
const evenPutsPerSecond = 1_000;
const tickMs = 10;

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
const seconds = Number(flags.seconds);

/** Makes as many puts as the server takes; returns how many a second. */
async function putRate(steps: readonly Step[]): Promise<number> {
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
  return stored / ((performance.now() - startedMs) / 1_000);
}

/** Makes puts at an even rate; returns the part of a core that the server has used. */
async function evenCoreShare(steps: readonly Step[], pid: number): Promise<number> {
  const [startedMs, cpuBefore] = [performance.now(), cpuSeconds(pid)];
  const ticks = (seconds * 1_000) / tickMs;
  for (let tick = 0; tick < ticks; tick++) {
    await Promise.all(steps.slice(0, (evenPutsPerSecond * tickMs) / 1_000).map((step) => step.run()));
    await pause(Math.max(0, startedMs + (tick + 1) * tickMs - performance.now()));
  }
  return ((cpuSeconds(pid) - cpuBefore) * 1_000) / (performance.now() - startedMs);
}

/** Asks as the pages do until the signal aborts. */
async function keepPagesOpen(port: number, signal: AbortSignal): Promise<void> {
  const endpoint = `http://127.0.0.1:${port}`;
  const every = async (intervalSeconds: number, ask: () => Promise<unknown>): Promise<void> => {
    const wait = (intervals: number): Promise<void> =>
      pause(intervals * intervalSeconds * 1_000, undefined, { signal }).catch(() => undefined);
    for (await wait(Math.random()); !signal.aborted; await wait(1)) await ask();
  };
  const get = async (path: string): Promise<void> => {
    const response = await fetch(`${endpoint}/${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  };
  const hear = async (): Promise<void> => {
    const response = await fetch(`${endpoint}/console/api/news?stream=${streamName}`, { signal });
    await response.arrayBuffer();
  };
  const connection = await RawConnection.open(port, { isTls: false });
  const caller = new StreamCaller(connection, plainWire);
  await Promise.all([
    ...polled.map(([path, intervalSeconds]) => every(intervalSeconds, () => get(path))),
    every(describedEverySeconds, () => caller.call("DescribeStreamSummary", { StreamName: streamName })),
    hear().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  ]);
  connection.close();
}

/** The same measurement without and with pages, in both orders in turn. */
async function measurePairs(
  port: number,
  measure: () => Promise<number>,
): Promise<readonly (readonly [without: number, with_: number])[]> {
  const watched = async (): Promise<number> => {
    const closing = new AbortController();
    const pages = keepPagesOpen(port, closing.signal);
    const measured = await measure();
    closing.abort();
    await pages;
    return measured;
  };
  const pairs: (readonly [number, number])[] = [];
  for (let pair = 0; pair < Number(flags.pairs) / 2; pair++) {
    const first = pair % 2 === 0 ? await watched() : undefined;
    const alone = await measure();
    pairs.push([alone, first ?? (await watched())]);
  }
  return pairs;
}

/** Median and quartiles. */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share).toFixed(3));
  return `${middle} (median), quartiles ${low} and ${high}`;
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
  for (let warmed = 0; warmed < warmUpSeconds; warmed += seconds) await putRate(steps);
  const shares = await measurePairs(port, () => evenCoreShare(steps, pid));
  const added = mean(shares.map(([without, with_]) => with_ - without));
  const rates = await measurePairs(port, () => putRate(steps));
  console.log(`node ${process.version}, ${flags.pairs} pairs of ${seconds} s, ${new Date().toISOString()}`);
  console.log(
    `server at ${evenPutsPerSecond} puts/s   ${mean(shares.map(([without]) => without)).toFixed(3)} of a core`,
  );
  console.log(`added by the pages      ${added.toFixed(4)} of a core (at most ${coreShareMax})`);
  console.log(`full rate, with/without ${spread(rates.map(([without, with_]) => with_ / without))}`);
  if (added > coreShareMax) process.exitCode = 1;
} finally {
  await server.stop();
}
