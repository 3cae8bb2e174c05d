import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredEntry } from "../../src/engine/shard-log.ts";
import { AppendHistory } from "./append-history.ts";

function entry(writer: number, number: number, position: bigint): StoredEntry {
  return { position, count: 1, timeMs: 1, storedMs: 1, body: AppendHistory.bodyOf(writer, number) };
}

/** Two writers; the parent is sealed at 40 and refuses the third entry of writer 1, which goes to the child. */
function makeHistory(): { history: AppendHistory; parent: StoredEntry[]; child: StoredEntry[] } {
  const history = new AppendHistory();
  history.tell(1, 0, { kind: "stored", shard: "parent", position: 10n });
  history.tell(2, 0, { kind: "stored", shard: "parent", position: 20n });
  history.tell(1, 1, { kind: "stored", shard: "parent", position: 30n });
  history.sealed("parent", 40n);
  history.tell(1, 2, { kind: "refused", shard: "parent" });
  history.tell(1, 2, { kind: "stored", shard: "child", position: 50n });
  return { history, parent: [entry(1, 0, 10n), entry(2, 0, 20n), entry(1, 1, 30n)], child: [entry(1, 2, 50n)] };
}

const faultsOf = (change: (parent: StoredEntry[], child: StoredEntry[]) => void): string => {
  const { history, parent, child } = makeHistory();
  change(parent, child);
  return history
    .faultsOf(
      new Map([
        ["parent", parent],
        ["child", child],
      ]),
    )
    .join("\n");
};

test("logs that keep what was acknowledged have no fault, also with an entry whose writer was told nothing", () => {
  assert.equal(
    faultsOf(() => undefined),
    "",
  );
  assert.equal(
    faultsOf((_, child) => child.push(entry(2, 1, 60n))),
    "",
  );
});

test("each planted fault is found", () => {
  assert.match(
    faultsOf((parent) => parent.splice(1, 1)),
    /2:0 was acknowledged and is lost/,
  );
  assert.match(
    faultsOf((_, child) => child.push(entry(1, 2, 60n))),
    /1:2 is stored 2 times/,
  );
  assert.match(
    faultsOf((parent) => parent.splice(2, 1, entry(1, 1, 31n))),
    /1:1 was acknowledged at parent 30 and is elsewhere/,
  );
  assert.match(
    faultsOf((parent) => parent.reverse()),
    /1:0 comes after 1 in parent/,
  );
  assert.match(
    faultsOf((parent) => parent.push(entry(2, 1, 40n))),
    /2:1 lies behind the end of parent/,
  );
  assert.match(
    faultsOf((parent) => parent.push(entry(1, 2, 35n))),
    /1:2 was refused by parent and is stored there/,
  );
});
