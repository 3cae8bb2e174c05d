import assert from "node:assert/strict";
import { test } from "node:test";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { chaosRound, type Fault, openGateway } from "./chaos-round.ts";

/** The short form; `npm run test:cluster` has the other faults, and many rounds of each. */
const rounds: readonly Fault[] = ["none", "kill leader"];

test("no acknowledged entry is lost, doubled, moved or behind a seal when the leader is killed amid it", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 3 });
  // At the same time, so that one finds a bucket that the other one has just made.
  const gateways = await Promise.all([openGateway(servers, "chaos"), openGateway(servers, "chaos")]);
  try {
    const seeded = new SeededRandom(15);
    const random = (): number => seeded.next();
    for (const [round, fault] of rounds.entries()) {
      const result = await chaosRound(servers, gateways, { fault, streamId: `round-${round}`, random });
      assert.deepEqual(result.faults, [], fault);
      assert(result.storedCount > 20, `${result.storedCount} entries are stored`);
      assert.equal(result.failedCount, 0, "an election is shorter than an append is held");
    }
  } finally {
    for (const gateway of gateways) await gateway.close();
  }
});
