import assert from "node:assert/strict";
import { test } from "node:test";
import { hasNatsServer } from "../../support/nats-servers.ts";
import { runConformance } from "./conformance-run.ts";

/** The short form: what one call changes and the next one shows, through whichever gateway. `npm run test:cluster` has all. */
const files = ["get-records", "register-stream-consumer", "split-shard"];

test("the conformance suite passes through two gateways, one chosen at random for each request", async (t) => {
  if (!hasNatsServer(t)) return;
  const { isPassed, output, counts } = await runConformance({
    files: files.map((file) => `conformance/${file}.test.ts`),
    seed: 15,
    withStatesAndRates: false,
  });
  assert(isPassed, output);
  assert(
    counts.every((count) => count > 20),
    `both gateways serve: ${counts}`,
  );
});
