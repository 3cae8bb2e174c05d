/**
 * Kills the gateway that owns a queue with SIGKILL, again and again, while eight workers and a producer use the queue through
 * both gateways; the other one takes over, and the killed one starts again. What the workers saw is judged by `QueueHistory`; at
 * the end everything that is still owed has to come.
 *
 *   node test/system/cluster/queue-owner-kills.ts [--rounds 50] [--nodes 3] [--seed NUMBER]
 */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { NatsServers } from "../../support/nats-servers.ts";
import { QueueActors, receiveCountMax } from "../../support/queue-actors.ts";
import { QueueHistory } from "../../support/queue-history.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";

const loadMsMin = 200;
const loadMsMax = 1_500;
/** Deliveries that can be on their way at a kill: ten for each worker. */
const underWayMax = 80;
const lookMs = 100;
/** For an owner, and for deliveries under a new one. */
const looksMax = 600;

/** Throws at the first broken promise. */
async function killOwners(rounds: number, nodeCount: 1 | 3, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  await using servers = await NatsServers.start({ nodeCount });
  const env = servers.environment;
  const args = ["--engine", "jetstream", "--log-level", "warn", ...(nodeCount === 1 ? ["--allow-degraded"] : [])];
  await using first = await ServerProcess.start({ args, env });
  await using second = await ServerProcess.start({ args, env });
  const gateways = [first, second] as const;
  const history = new QueueHistory(receiveCountMax);
  const choice = random.fork();
  const endpoint = (): string => gateways[choice.integer(0, 1) as 0 | 1].endpoint;
  const actors = new QueueActors({ random: random.fork(), history, endpoint });
  await actors.create();
  actors.start();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await wait(random.integer(loadMsMin, loadMsMax));
      const owner = await ownerOf(gateways);
      await owner.kill("SIGKILL");
      actors.killed();
      const killedMs = performance.now();
      const deliveriesBefore = history.deliveryCount;
      await looked(() => history.deliveryCount > deliveriesBefore + underWayMax, "nothing is delivered any more");
      const gapMs = Math.round(performance.now() - killedMs);
      await owner.restart();
      assert.deepEqual(history.violations, [], gateways.map(({ stderr }) => stderr).join("\n"));
      const { deliveryCount, acknowledgedCount } = history;
      console.log(
        `round ${round}: ${deliveryCount} deliveries, ${acknowledgedCount} acknowledged, again after ${gapMs} ms`,
      );
    }
  } finally {
    // Rejects with what a worker was refused.
    await actors.stop();
  }
  await actors.drain();
  history.checkDrained();
  assert.deepEqual(history.violations, [], gateways.map(({ stderr }) => stderr).join("\n"));
  console.log(
    `${rounds} kills of the owner, nothing lost or twice; ${actors.faultCount} calls were answered with a fault`,
  );
}

/** Only the owner of a queue has its metrics. */
async function ownerOf(gateways: readonly ServerProcess[]): Promise<ServerProcess> {
  let owner: ServerProcess | undefined;
  await looked(async () => {
    for (const gateway of gateways) {
      const metrics = await (await fetch(`${gateway.endpoint}/metrics`)).text();
      if (metrics.includes("millrace_queue_received_records_total{")) owner = gateway;
    }
    return owner !== undefined;
  }, "no gateway owns the queue");
  assert(owner !== undefined);
  return owner;
}

async function looked(holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  for (let looks = 0; !(await holds()); looks += 1) {
    assert(looks < looksMax, otherwise);
    await wait(lookMs);
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    nodes: { type: "string", default: "3" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}`);
await killOwners(Number(values.rounds), values.nodes === "1" ? 1 : 3, seed);
