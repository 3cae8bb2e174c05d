import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../../src/engine/embedded/io/node-disk.ts";
import { masterKey } from "../support/directory-keys.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { engineContract } from "./engine-contract.ts";

for (const { name, keys } of [
  { name: "embedded", keys: undefined },
  { name: "embedded, encrypted", keys: masterKey("of the contract") },
]) {
  engineContract(
    name,
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "millrace-contract-"));
      const clock = new SimulatedClock();
      const open = async (): Promise<EmbeddedEngine> => {
        const diskBudgetBytes = 1024 * 1024 * 1024;
        const engine = new EmbeddedEngine({ directory, disk: nodeDisk, clock, diskBudgetBytes, keys });
        await engine.open();
        return engine;
      };
      let engine = await open();
      return {
        engine,
        clock,
        reopen: async () => {
          await engine.close();
          engine = await open();
          return engine;
        },
        close: async () => {
          await engine.close();
          await rm(directory, { recursive: true });
        },
      };
    },
    { positions: "dense", storedBy: "clock", reopens: true },
  );
}
