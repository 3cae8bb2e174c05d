import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterFacts, judgeCluster, type ListedShard } from "../../../../src/cli/doctor/judge-cluster.ts";
import type { ReplicatedStream, ScrubReport } from "../../../../src/engine/cluster-facts.ts";

const day = 24 * 3_600_000;
const current = { isOffline: false, isCurrent: true, lagCount: 0 };
const group: ReplicatedStream = {
  name: "millrace_abc_0",
  replicaCount: 3,
  persistMode: undefined,
  retentionMs: 0,
  leader: "n0",
  replicas: [
    { server: "n1", ...current },
    { server: "n2", ...current },
  ],
  messageCount: 1,
  bytes: 1,
  clockDifferenceMs: 3,
};
const bucket: ReplicatedStream = { ...group, name: "bucket" };
const shard: ListedShard = {
  title: "shard 0 of orders",
  group: group.name,
  condition: "open",
  isFencedOff: false,
  isClosed: false,
  isChanging: false,
  retentionMs: day,
};
const server = { name: "n0", version: "2.15.3", versionFault: undefined };
const noFaults: ScrubReport = { messageCount: 9, faults: [], lost: [], unread: [] };
const sound: ClusterFacts = {
  servers: [server],
  silentServers: [],
  monitored: ["a", "b", "c"].map((url) => ({ url, syncsAlways: true, clockDifferenceMs: 1 })),
  assumesFsync: false,
  bucket,
  groups: [group],
  notedGroups: [group.name],
  shards: [shard],
  orphanedGroups: [],
  unreadableDocuments: [],
  gateways: { aliveCount: 2, goneCount: 0 },
  scrub: noFaults,
};

/** `STATE CHECK: WHAT`, of all findings but those that say that all is well. */
function faultsOf(change: Partial<ClusterFacts>): readonly string[] {
  const faults = judgeCluster({ ...sound, ...change }).filter(({ state }) => state !== "ok");
  for (const { advice } of faults) assert(advice !== "", "each fault has advice");
  return faults.map(({ check, state, found }) => `${state} ${check}: ${found}`);
}

test("a cluster in which all is well has one finding for each check, and no advice", () => {
  const findings = judgeCluster(sound);
  assert.deepEqual(faultsOf({}), []);
  assert(findings.every(({ advice }) => advice === ""));
  assert.equal(new Set(findings.map(({ check }) => check)).size, findings.length);
});

const old = { ...server, version: "2.9.1", versionFault: "too old" };
const offline = { server: "n2", isOffline: true, isCurrent: false, lagCount: 7 };
const skips = { stream: "s", server: "n1", fault: "missing", sequences: [4, 5], count: 2 } as const;
const planted: Readonly<Record<string, readonly [Partial<ClusterFacts>, RegExp]>> = {
  "an old version": [{ servers: [old] }, /^fail version: n0: too old$/],
  "two versions": [{ servers: [server, { ...server, version: "2.15.4" }] }, /^warn version: .*2\.15\.3, 2\.15\.4$/],
  "a silent server": [{ silentServers: ["h:4222"] }, /^fail servers: no answer from h:4222$/],
  "an offline replica": [
    { groups: [{ ...group, replicas: [offline] }] },
    /^fail replicas: n2 is offline for millrace_/,
  ],
  "a replica that is behind": [
    { bucket: { ...bucket, replicas: [{ ...offline, isOffline: false }] } },
    /^fail replicas: n2 is 7 messages behind for bucket$/,
  ],
  "no leader": [{ groups: [{ ...group, leader: undefined }] }, /^fail replicas: millrace_abc_0 has no leader$/],
  "one copy": [{ groups: [{ ...group, replicaCount: 1 }] }, /^fail copies: fewer than 3 of millrace_abc_0/],
  "persist_mode async": [{ groups: [{ ...group, persistMode: "async" }] }, /^fail copies: .*persist_mode async$/],
  "a server that syncs now and then": [
    { monitored: [{ url: "a", syncsAlways: false, clockDifferenceMs: 0 }] },
    /^fail sync_interval: .*not always at a$/,
  ],
  "a silent monitor": [
    { monitored: [{ url: "a", syncsAlways: undefined, clockDifferenceMs: undefined }] },
    /^warn sync_interval: no answer from a$/,
  ],
  "no monitor": [{ monitored: [] }, /^warn sync_interval: not known/],
  "a clock that is off": [{ groups: [{ ...group, clockDifferenceMs: -5_000 }] }, /^warn clocks: .*: n0 -5000 ms/],
  "a group that was removed": [{ groups: [] }, /^fail log groups: millrace_abc_0 was removed/],
  "a noted group that was removed": [{ notedGroups: ["x", group.name] }, /^fail log groups: x was removed/],
  "a group without a document": [{ orphanedGroups: ["y"] }, /^warn documents: no stream document names y$/],
  "an unreadable document": [{ unreadableDocuments: ["a: not JSON"] }, /^fail documents: a: not JSON$/],
  "sealed, listed open": [{ shards: [{ ...shard, condition: "sealed" }] }, /^fail shards: .* nothing .*: shard 0 of/],
  "fenced off": [{ shards: [{ ...shard, isFencedOff: true }] }, /^fail shards: fenced by later .*: shard 0 of orders$/],
  "open, listed closed": [{ shards: [{ ...shard, isClosed: true }] }, /^fail shards: listed closed and not sealed/],
  "dropped, listed": [{ shards: [{ ...shard, condition: "dropped" }] }, /^fail shards: listed and dropped: shard 0/],
  "a limit of age": [{ groups: [{ ...group, retentionMs: 2 * day }] }, /^fail retention: .* keeps 48 h, .* says 24 h$/],
  "no gateway": [{ gateways: { aliveCount: 0, goneCount: 1 } }, /^warn gateways: none runs$/],
  "a replica that skips": [{ scrub: { ...noFaults, faults: [skips] } }, /^fail scrub: n1 does not have 2 .* s: 4, 5$/],
  "a lost message": [
    { scrub: { ...noFaults, lost: ["message 4 of s"] } },
    /^fail scrub: on no replica: message 4 of s$/,
  ],
  "a replica that was not read": [{ scrub: { ...noFaults, unread: ["n1"] } }, /^warn scrub: not read: n1$/],
};

for (const [title, [change, expected]] of Object.entries(planted)) {
  test(`${title} is found, with advice, and nothing else is`, () => {
    const faults = faultsOf(change);
    assert.equal(faults.length, 1, faults.join("\n"));
    assert.match(faults[0] ?? "", expected);
  });
}

test("while a stream changes, its logs and its document may differ", () => {
  const changing = { ...shard, isChanging: true, condition: "sealed" } as const;
  assert.deepEqual(faultsOf({ shards: [changing] }), []);
});
