/**
 * Kills the server with SIGKILL at random moments while eight workers receive from a queue, acknowledge at random, give back,
 * and look at dead letters, and others put; starts it again on the same data directory and goes on. What the workers saw is
 * judged by `QueueHistory`; at the end everything that is still owed has to come.
 *
 *   node test/system/crash/queue-kill-nine.ts [--rounds 100] [--seed NUMBER]
 */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { QueueActors, receiveCountMax } from "../../support/queue-actors.ts";
import { QueueHistory } from "../../support/queue-history.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";

export interface QueueKillNineOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Called after every round with one line about it. */
  readonly report: (line: string) => void;
}

const loadMsMin = 100;
const loadMsMax = 900;
/** Then a new, empty directory. */
const roundsPerDirectory = 20;

/** Throws at the first broken promise. Returns the number of records that were acknowledged. */
export async function queueKillNine({ rounds, seed, report }: QueueKillNineOptions): Promise<number> {
  const random = new SeededRandom(seed);
  let acknowledged = 0;
  for (let done = 0; done < rounds; done += roundsPerDirectory) {
    const count = Math.min(roundsPerDirectory, rounds - done);
    acknowledged += await runRounds(count, random.fork(), (line) => report(`${done}+${line}`));
  }
  return acknowledged;
}

async function runRounds(rounds: number, random: SeededRandom, report: (line: string) => void): Promise<number> {
  await using server = await ServerProcess.start({ args: ["--log-level", "warn"] });
  const history = new QueueHistory(receiveCountMax);
  const actors = new QueueActors({ random: random.fork(), history, endpoint: () => server.endpoint });
  await actors.create();
  for (let round = 1; round <= rounds; round += 1) {
    actors.start();
    await wait(random.integer(loadMsMin, loadMsMax));
    await Promise.all([server.kill("SIGKILL"), actors.stop()]);
    actors.killed();
    await server.restart();
    assert.deepEqual(history.violations, [], server.stderr);
    const { deliveryCount, acknowledgedCount } = history;
    report(`round ${round}: ${deliveryCount} deliveries, ${acknowledgedCount} acknowledged`);
  }
  await actors.drain();
  history.checkDrained();
  assert.deepEqual(history.violations, [], server.stderr);
  assert.equal(actors.faultCount, 0, server.stderr);
  return history.acknowledgedCount;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "100" }, seed: { type: "string" } } });
  const seed = Number(values.seed ?? Date.now() % 2 ** 32);
  console.log(`seed ${seed}`);
  const acknowledged = await queueKillNine({
    rounds: Number(values.rounds),
    seed,
    report: (line) => console.log(line),
  });
  console.log(`${values.rounds} rounds, ${acknowledged} records acknowledged, nothing lost or twice`);
}
