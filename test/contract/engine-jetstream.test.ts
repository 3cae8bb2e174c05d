import { after, test } from "node:test";
import { JetStreamEngine } from "../../src/engine/jetstream/jetstream-engine.ts";
import { hasNatsServer, NatsServers } from "../support/nats-servers.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { engineContract } from "./engine-contract.ts";

/** The suite runs on one server; `npm run test:cluster` on three. */
const nodeCount = process.env["MILLRACE_NATS_NODES"] === "3" ? 3 : 1;

if (hasNatsServer()) {
  const servers = await NatsServers.start({ nodeCount });
  after(() => servers.stop());
  let prefixCount = 0;
  engineContract(
    `jetstream, ${nodeCount} ${nodeCount === 1 ? "node" : "nodes"}`,
    async () => {
      prefixCount += 1;
      // Each test has streams and a bucket of its own on the same servers.
      const prefix = `contract${prefixCount}`;
      const open = async (): Promise<JetStreamEngine> => {
        const engine = new JetStreamEngine({
          address: { urls: servers.urls },
          prefix,
          nowMs: Date.now,
          monitorUrls: servers.monitorUrls,
          assumesFsync: false,
          allowsDegraded: nodeCount === 1,
        });
        await engine.open();
        return engine;
      };
      let engine = await open();
      return {
        engine,
        clock: new SimulatedClock(),
        reopen: async () => {
          await engine.close();
          engine = await open();
          return engine;
        },
        close: async () => {
          await engine.close();
          await servers.deleteStreams(prefix);
        },
      };
    },
    { positions: "increasing", storedBy: "servers", reopens: true },
  );
} else {
  test("the jetstream engine keeps the contract", (t) => void hasNatsServer(t));
}
