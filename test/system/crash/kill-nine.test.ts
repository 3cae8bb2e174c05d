import { test } from "node:test";
import { killNine } from "./kill-nine.ts";

test("nothing that was acknowledged is lost, changed, reordered or numbered twice when the server is killed", async (t) => {
  const seed = Date.now() % 2 ** 32;
  t.diagnostic(`seed ${seed}`);
  await killNine({ rounds: 5, seed, report: (line) => t.diagnostic(line) });
});
