import {
  acknowledgesEarly,
  type ClusterServer,
  clockDifferenceMsMax,
  type LogCondition,
  type MonitoredServer,
  type ReplicaFault,
  type ReplicatedStream,
  replicasMin,
  type ScrubReport,
} from "../../engine/cluster-facts.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** A shard as its stream document lists it, and its log as the servers have it. */
export interface ListedShard {
  /** `shard 3 of orders` */
  readonly title: string;
  readonly group: string;
  readonly condition: LogCondition;
  /** Whether its log takes appends only by later settings than the stream document has. */
  readonly isFencedOff: boolean;
  readonly isClosed: boolean;
  /** Whether work on the stream is under way, so that log and document may differ for a moment. */
  readonly isChanging: boolean;
  readonly retentionMs: number;
}

/** What can be seen of a cluster. */
export interface ClusterFacts {
  readonly servers: readonly ClusterServer[];
  /** `HOST:PORT` of servers that the others name and that do not answer. */
  readonly silentServers: readonly string[];
  readonly monitored: readonly MonitoredServer[];
  readonly assumesFsync: boolean;
  readonly bucket: ReplicatedStream;
  readonly groups: readonly ReplicatedStream[];
  readonly notedGroups: readonly string[];
  readonly shards: readonly ListedShard[];
  /** Log groups of streams that have no document. */
  readonly orphanedGroups: readonly string[];
  /** Keys of stream documents that cannot be read, with the reason. */
  readonly unreadableDocuments: readonly string[];
  readonly gateways: { readonly aliveCount: number; readonly goneCount: number };
  readonly scrub?: ScrubReport;
}

const namesToldMax = 5;
const runbook = "follow the runbook for a corrupted replica in docs/cluster.md";

/** All findings, also those that say that something is as it should be. */
export function judgeCluster(facts: ClusterFacts): readonly Finding[] {
  return [
    ...judgeServers(facts),
    judgeSyncing(facts),
    judgeClocks(facts),
    judgeReplicas([facts.bucket, ...facts.groups]),
    judgeCopies([facts.bucket, ...facts.groups]),
    ...judgeCatalog(facts),
    ...judgeLogs(facts),
    judgeRetention(facts),
    judgeGateways(facts),
    ...(facts.scrub === undefined ? [] : judgeScrub(facts.scrub)),
  ];
}

function judgeServers({ servers, silentServers }: ClusterFacts): readonly Finding[] {
  const faults = servers.flatMap(({ name, versionFault }) => {
    return versionFault === undefined ? [] : [`${name}: ${versionFault}`];
  });
  const versions = [...new Set(servers.map(({ version }) => version))];
  const version =
    faults.length > 0
      ? fail("version", someOf(faults), "upgrade the servers one after the other")
      : versions.length > 1
        ? warn("version", `the servers run different versions: ${versions.join(", ")}`, "finish the upgrade")
        : ok("version", `nats-server ${versions.join(", ")}`);
  const reached =
    silentServers.length === 0
      ? ok("servers", `${servers.length} answer: ${servers.map(({ name }) => name).join(", ")}`)
      : fail(
          "servers",
          `no answer from ${someOf(silentServers)}`,
          "start the server, or let this machine reach it; until then the loss of one more may stop all writes",
        );
  return [reached, version];
}

function judgeSyncing({ monitored, assumesFsync }: ClusterFacts): Finding {
  const advice = 'set sync_interval: "always" in jetstream, and restart the servers one after the other';
  if (monitored.length === 0) {
    return assumesFsync
      ? ok("sync_interval", "stated with --assume-fsync, not verified")
      : warn("sync_interval", "not known without --nats-monitor", "name the monitoring endpoints with --nats-monitor");
  }
  const lazy = monitored.filter(({ syncsAlways }) => syncsAlways === false).map(({ url }) => url);
  if (lazy.length > 0) {
    return fail("sync_interval", `a power cut loses acknowledged records: not always at ${someOf(lazy)}`, advice);
  }
  const silent = monitored.filter(({ syncsAlways }) => syncsAlways === undefined).map(({ url }) => url);
  return silent.length > 0
    ? warn("sync_interval", `no answer from ${someOf(silent)}`, "correct --nats-monitor, or start the server")
    : ok("sync_interval", `always, on ${monitored.length} of ${monitored.length} monitored`);
}

/** Knows the clocks of monitored servers, and of those that lead something. */
function judgeClocks({ monitored, bucket, groups }: ClusterFacts): Finding {
  const clocks = new Map<string, number>();
  for (const { url, clockDifferenceMs } of monitored) {
    if (clockDifferenceMs !== undefined) clocks.set(url, clockDifferenceMs);
  }
  for (const { leader, clockDifferenceMs } of [bucket, ...groups]) {
    if (leader !== undefined && clockDifferenceMs !== undefined) clocks.set(leader, clockDifferenceMs);
  }
  const off = [...clocks].filter(([, ms]) => Math.abs(ms) > clockDifferenceMsMax);
  if (off.length === 0) return ok("clocks", "agree with this machine's to 2 s, as far as servers tell");
  const told = off.map(([name, ms]) => `${name} ${Math.round(ms)} ms`);
  return warn(
    "clocks",
    `differ from this machine's: ${someOf(told)}; times of records and AT_TIMESTAMP are off by that`,
    "synchronize the clocks of all servers and gateways, for instance with chrony",
  );
}

function judgeReplicas(streams: readonly ReplicatedStream[]): Finding {
  const faults = streams.flatMap(({ name, leader, replicas }) => [
    ...(leader === undefined && replicas.length > 0 ? [`${name} has no leader`] : []),
    ...replicas.flatMap(({ server, isOffline, isCurrent, lagCount }) => {
      if (isOffline) return [`${server} is offline for ${name}`];
      return isCurrent ? [] : [`${server} is ${lagCount} messages behind for ${name}`];
    }),
  ]);
  if (faults.length === 0) return ok("replicas", `all are current, in ${streams.length} JetStream streams`);
  return fail(
    "replicas",
    someOf(faults),
    "start the server; if it runs and does not catch up within minutes, remove its store_dir and start it again",
  );
}

function judgeCopies(streams: readonly ReplicatedStream[]): Finding {
  const few = streams.filter(({ replicaCount }) => replicaCount < replicasMin).map(({ name }) => name);
  const modes = streams
    .filter(({ persistMode }) => acknowledgesEarly(persistMode))
    .map(({ name, persistMode }) => `${name} has persist_mode ${persistMode}`);
  if (modes.length > 0) {
    return fail("copies", `acknowledged before it is stored: ${someOf(modes)}`, "set it to default: nats stream edit");
  }
  if (few.length === 0) return ok("copies", `${replicasMin} or more of each`);
  return fail(
    "copies",
    `fewer than ${replicasMin} of ${someOf(few)}: a lost disk loses what was acknowledged`,
    `run ${replicasMin} servers, and raise the copies: nats stream edit --replicas ${replicasMin}`,
  );
}

function judgeCatalog({
  groups,
  notedGroups,
  shards,
  orphanedGroups,
  unreadableDocuments,
}: ClusterFacts): readonly Finding[] {
  const present = new Set(groups.map(({ name }) => name));
  const gone = [...new Set([...notedGroups, ...shards.map(({ group }) => group)])].filter((name) => !present.has(name));
  return [
    ...unreadableDocuments.map((text) => fail("documents", text, "start a gateway of the version that wrote it")),
    gone.length === 0
      ? ok("log groups", `${present.size}, and each that the documents name is there`)
      : fail(
          "log groups",
          `${someOf(gone)} was removed, and the records in it`,
          "restore it from a backup, or delete the Kinesis stream",
        ),
    orphanedGroups.length === 0
      ? ok("documents", "each log group belongs to a stream")
      : warn(
          "documents",
          `no stream document names ${someOf(orphanedGroups)}`,
          "if this persists, the records in it cannot be reached: restore the bucket, or remove it with nats stream rm",
        ),
  ];
}

function judgeLogs({ shards }: ClusterFacts): readonly Finding[] {
  const settled = shards.filter(({ isChanging }) => !isChanging);
  const sealed = settled.filter(({ condition, isClosed }) => condition === "sealed" && !isClosed);
  const open = settled.filter(({ condition, isClosed }) => condition === "open" && isClosed);
  const fencedOff = settled.filter(({ isFencedOff }) => isFencedOff);
  const dropped = settled.filter(({ condition }) => condition === "dropped");
  const titles = (found: readonly ListedShard[]): string => someOf(found.map(({ title }) => title));
  const findings: Finding[] = [];
  if (sealed.length > 0) {
    const found = `listed open and sealed, so nothing can be written: ${titles(sealed)}`;
    const advice = "restart a gateway, which ends the work that was cut short; else restore the bucket of documents";
    findings.push(fail("shards", found, advice));
  }
  if (fencedOff.length > 0) {
    const found = `fenced by later settings than their stream has, so nothing can be written: ${titles(fencedOff)}`;
    const advice =
      "the bucket of documents and the log groups are not of one time; restore both from one backup, or start the encryption of the stream";
    findings.push(fail("shards", found, advice));
  }
  if (open.length > 0) {
    const found = `listed closed and not sealed: ${titles(open)}`;
    const advice = "the bucket of documents and the log groups are not of one time; restore both from one backup";
    findings.push(fail("shards", found, advice));
  }
  if (dropped.length > 0) {
    const found = `listed and dropped: ${titles(dropped)}`;
    findings.push(fail("shards", found, "restore both the bucket and the log groups from one backup"));
  }
  return findings.length > 0 ? findings : [ok("shards", `${shards.length}; each is sealed or open as its stream says`)];
}

/** Gateways free what has expired; a limit of age at the servers would remove records that a longer retention keeps. */
function judgeRetention({ groups, shards }: ClusterFacts): Finding {
  const byName = new Map(groups.map((group) => [group.name, group]));
  const early = new Set<string>();
  for (const { group, retentionMs } of shards) {
    const kept = byName.get(group)?.retentionMs ?? 0;
    if (kept !== 0) early.add(`${group} keeps ${hoursText(kept)}, its stream says ${hoursText(retentionMs)}`);
  }
  return early.size === 0
    ? ok("retention", "no server removes messages by their age; gateways do by the retention of the stream")
    : fail(
        "retention",
        `servers remove messages by their age: ${someOf([...early])}`,
        "nats stream edit --max-age 0s, at once: what is removed is lost",
      );
}

function hoursText(ms: number): string {
  return `${Math.round(ms / 3_600_000)} h`;
}

function judgeGateways({ gateways: { aliveCount, goneCount } }: ClusterFacts): Finding {
  if (aliveCount === 0) return warn("gateways", "none runs", "start one: millrace serve --engine jetstream");
  const gone = goneCount === 0 ? "" : `; ${goneCount} ended without saying so`;
  return ok("gateways", `${aliveCount} ${aliveCount === 1 ? "runs" : "run"}${gone}`);
}

function judgeScrub({ messageCount, faults, lost, unread }: ScrubReport): readonly Finding[] {
  const findings = faults.map((fault) => fail("scrub", faultText(fault), runbook));
  if (lost.length > 0) {
    const advice = "restore from a backup; reads stop there with InternalFailure";
    findings.push(fail("scrub", `on no replica: ${someOf(lost)}`, advice));
  }
  if (unread.length > 0) {
    const advice = "let this machine reach each server, and scrub again";
    findings.push(warn("scrub", `not read: ${someOf(unread)}`, advice));
  }
  return findings.length > 0 ? findings : [ok("scrub", `${messageCount} messages are the same on all replicas`)];
}

function faultText({ stream, server, fault, sequences, count }: ReplicaFault): string {
  const verb = { missing: "does not have", damaged: "has damaged", different: "differs from the others in" }[fault];
  const noun = count === 1 ? "message" : "messages";
  return `${server} ${verb} ${count} ${noun} of ${stream}: ${someOf(sequences, count)}`;
}

/** The first ones, and how many more of `count` there are. */
function someOf(names: readonly (string | number)[], count = names.length): string {
  const more = count > namesToldMax ? ` and ${count - namesToldMax} more` : "";
  return `${names.slice(0, namesToldMax).join(", ")}${more}`;
}
