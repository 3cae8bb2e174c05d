import { mapInParts } from "../../collections/map-in-parts.ts";
import type { ClusterView, ReplicatedStream, ScrubReport } from "../../engine/cluster-facts.ts";
import { countGateways } from "../../gateways/count-gateways.ts";
import { retentionMs } from "../../streams/retention-window.ts";
import type { Stream } from "../../streams/stream.ts";
import { decodeStream, streamDocumentPrefix } from "../../streams/stream-document.ts";
import { type Finding, fail } from "./finding.ts";
import { judgeCluster, type ListedShard } from "./judge-cluster.ts";

const concurrentMax = 32;

export interface CheckClusterOptions {
  readonly assumesFsync: boolean;
  readonly scrubs: boolean;
  /** Told before each JetStream stream that is scrubbed. */
  readonly onScrub: (name: string) => void;
}

/** Reads a running cluster and says what is wrong with it. Changes nothing. */
export async function checkCluster(view: ClusterView, options: CheckClusterOptions): Promise<readonly Finding[]> {
  const { answering, silent } = await view.servers();
  const bucket = await view.bucket();
  if (bucket === undefined) {
    const found = `${answering.length} servers answer, and no gateway has ever started on them`;
    return [fail("documents", found, "name the right servers and account, or start a gateway, which makes the bucket")];
  }
  const counting = countGateways(view.documents);
  counting.catch(() => undefined);
  const { streams, unreadableDocuments } = await readStreams(view);
  // Documents first: a log group of a stream that is made meanwhile is not an orphan.
  const groups = await view.logGroups();
  const ids = new Set(streams.flatMap(({ id, queues = [] }) => [id, ...queues.map((queue) => queue.id)]));
  const orphans = groups.map(({ name }) => name).filter((name) => !ids.has(view.streamIdOf(name)));
  const shards = await readShards(view, streams);
  const scrub = options.scrubs ? await scrubAll(view, [bucket, ...groups], options.onScrub) : undefined;
  return judgeCluster({
    servers: answering,
    silentServers: silent,
    monitored: await view.monitored(),
    assumesFsync: options.assumesFsync,
    bucket,
    groups,
    notedGroups: await view.notedGroups(),
    shards,
    orphanedGroups: unreadableDocuments.length > 0 ? [] : orphans,
    unreadableDocuments,
    gateways: await counting,
    ...(scrub === undefined ? {} : { scrub }),
  });
}

async function readStreams(
  view: ClusterView,
): Promise<{ readonly streams: readonly Stream[]; readonly unreadableDocuments: readonly string[] }> {
  const streams: Stream[] = [];
  const unreadableDocuments: string[] = [];
  for (const { key, value } of await view.documents.list(streamDocumentPrefix)) {
    try {
      streams.push(decodeStream(value));
    } catch (error) {
      unreadableDocuments.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { streams, unreadableDocuments };
}

async function readShards(view: ClusterView, streams: readonly Stream[]): Promise<readonly ListedShard[]> {
  const listed = streams.flatMap((stream) => stream.shards.map((shard) => ({ stream, shard })));
  return await mapInParts(listed, concurrentMax, async ({ stream, shard }) => {
    const ref = { streamId: stream.id, shardIndex: shard.index, placement: shard.placement };
    const condition = await view.conditionOf(ref);
    const isOpen = condition === "open" && shard.closed === undefined;
    return {
      title: `shard ${shard.index} of ${stream.name}`,
      group: view.groupOf(ref),
      condition,
      isFencedOff: isOpen && (await view.settingsEpochOf(ref)) > (stream.settingsEpoch ?? 0),
      isClosed: shard.closed !== undefined,
      isChanging: stream.intent !== undefined,
      retentionMs: retentionMs(stream.retentionHours),
    };
  });
}

async function scrubAll(
  view: ClusterView,
  streams: readonly ReplicatedStream[],
  onScrub: (name: string) => void,
): Promise<ScrubReport> {
  const reports: ScrubReport[] = [];
  for (const stream of streams) {
    onScrub(stream.name);
    reports.push(await view.scrub(stream));
  }
  return {
    messageCount: reports.reduce((sum, { messageCount }) => sum + messageCount, 0),
    faults: reports.flatMap(({ faults }) => faults),
    lost: reports.flatMap(({ lost }) => lost),
    unread: reports.flatMap(({ unread }) => unread),
  };
}
