import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedEngine } from "../../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../../src/engine/embedded/node-disk.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { engineContract } from "./engine-contract.ts";

engineContract(
  "embedded",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "millrace-contract-"));
    const clock = new SimulatedClock();
    const open = async (): Promise<EmbeddedEngine> => {
      const engine = new EmbeddedEngine({ directory, disk: nodeDisk, clock, diskBudgetBytes: 1024 * 1024 * 1024 });
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
  { positions: "dense", reopens: true },
);
