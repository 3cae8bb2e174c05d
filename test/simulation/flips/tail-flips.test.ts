import assert from "node:assert/strict";
import { test } from "node:test";
import { runApart } from "../../support/run-apart.ts";
import type { flipAround, flipEarlierGroups, flipLastTwo } from "./flip-tail.ts";

const { href } = new URL("./flip-tail.ts", import.meta.url);

// `npm run test:disk -- --flips` flips every byte of the headers.
const headStep = 5;

for (const [name, variant] of [
  ["a file of the log", { isEncrypted: false, isRecycled: false, headStep }],
  ["an encrypted file of the log that was used again", { isEncrypted: true, isRecycled: true, headStep }],
] as const) {
  test(`a flip in one of the last two groups of ${name} after a crash drops that group and later ones, and is reported`, async () => {
    assert((await runApart<typeof flipLastTwo>(href, "flipLastTwo", variant)) > 150);
  });

  test(`after a crash a flip in any group of ${name} but the last two refuses the directory`, async () => {
    assert((await runApart<typeof flipEarlierGroups>(href, "flipEarlierGroups", variant)) > 150);
  });

  test(`after a crash a flip in the headers of ${name} or behind its last group loses nothing`, async () => {
    assert((await runApart<typeof flipAround>(href, "flipAround", variant)) > 90);
  });
}
