import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { engineContract } from "./engine-contract.ts";

engineContract(
  "memory",
  async () => {
    const clock = new SimulatedClock();
    const engine = new MemoryEngine({ clock, memoryBudgetBytes: 64 * 1024 * 1024 });
    await engine.open();
    return { engine, clock, close: () => engine.close() };
  },
  { positions: "dense", storedBy: "clock", reopens: false },
);
