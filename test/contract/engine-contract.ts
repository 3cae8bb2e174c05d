import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { appendContract } from "./engine-contract/append-contract.ts";
import { documentStoreContract } from "./engine-contract/document-store-contract.ts";
import type { EngineTest, EngineTraits, MakeEngine } from "./engine-contract/engine-under-test.ts";
import { fenceContract } from "./engine-contract/fence-contract.ts";
import { followContract } from "./engine-contract/follow-contract.ts";
import { lifetimeContract } from "./engine-contract/lifetime-contract.ts";
import { modelContract } from "./engine-contract/model-contract.ts";
import { readContract } from "./engine-contract/read-contract.ts";
import { reopenContract } from "./engine-contract/reopen-contract.ts";

export type { EngineTraits, MakeEngine } from "./engine-contract/engine-under-test.ts";

/** What every engine must do, whatever it stands on. Each test gets an engine of its own from `makeEngine`. */
export function engineContract(name: string, makeEngine: MakeEngine, traits: EngineTraits): void {
  describe(`the ${name} engine keeps the contract`, () => {
    const engineTest: EngineTest = (title, body) => {
      test(title, async (context) => {
        const subject = await makeEngine(context);
        try {
          assert.equal(subject.reopen !== undefined, traits.reopens, "an engine that reopens says so in its traits");
          await body(subject);
        } finally {
          await subject.close();
        }
      });
    };
    appendContract(engineTest, traits);
    fenceContract(engineTest);
    readContract(engineTest, traits);
    followContract(engineTest);
    documentStoreContract(engineTest);
    lifetimeContract(engineTest);
    if (traits.reopens) reopenContract(engineTest, traits);
    modelContract(engineTest, traits);
  });
}
