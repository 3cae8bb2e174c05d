import type { DocumentStore } from "./document-store.ts";
import type { ShardRef } from "./shard-log.ts";

/** Fewer replicas lose what was acknowledged with a lost disk. */
export const replicasMin = 3;
/** A larger difference of wall clocks is told. */
export const clockDifferenceMsMax = 2_000;

/** Whether servers acknowledge what they have not stored. `undefined` and an empty text: their default, which does not. */
export function acknowledgesEarly(persistMode: string | undefined): boolean {
  return persistMode !== undefined && persistMode !== "" && persistMode !== "default";
}

/** One of the servers that keep the replicas. */
export interface ClusterServer {
  readonly name: string;
  readonly version: string;
  /** Why the engine does not work with that version; undefined: it does. */
  readonly versionFault: string | undefined;
}

/** What the monitoring endpoint of a server says. */
export interface MonitoredServer {
  readonly url: string;
  /** Undefined: it does not answer. */
  readonly syncsAlways: boolean | undefined;
  /** The server's wall clock less that of this machine; undefined: not known. */
  readonly clockDifferenceMs: number | undefined;
}

export interface Replica {
  readonly server: string;
  readonly isOffline: boolean;
  /** Whether it has all that the leader had a moment ago. */
  readonly isCurrent: boolean;
  /** Messages that it is behind the leader. */
  readonly lagCount: number;
}

/** Something that the servers keep replicas of: a log group, or the bucket of documents. */
export interface ReplicatedStream {
  readonly name: string;
  readonly replicaCount: number;
  readonly persistMode: string | undefined;
  /** 0: messages never expire. */
  readonly retentionMs: number;
  /** The server that leads it; undefined: none does. */
  readonly leader: string | undefined;
  /** All but the leader. */
  readonly replicas: readonly Replica[];
  readonly messageCount: number;
  readonly bytes: number;
  /** The leader's wall clock less that of this machine; undefined: not known. */
  readonly clockDifferenceMs: number | undefined;
}

/** What a shard log is on the servers. `absent`: its log group does not exist. */
export type LogCondition = "open" | "sealed" | "dropped" | "absent";

/** Messages of one replica that are not as those of the others. */
export interface ReplicaFault {
  readonly stream: string;
  readonly server: string;
  readonly fault: "missing" | "damaged" | "different";
  /** Sequences, ascending; the first hundred. */
  readonly sequences: readonly number[];
  readonly count: number;
}

export interface ScrubReport {
  readonly messageCount: number;
  readonly faults: readonly ReplicaFault[];
  /** Messages that others name and no replica has; each as one sentence. */
  readonly lost: readonly string[];
  /** `SERVER has no answer for STREAM`: replicas that could not be asked. */
  readonly unread: readonly string[];
}

/** Reads a running cluster without changing it. */
export interface ClusterView {
  /** The servers that answer, and the addresses of those that do not. */
  servers(): Promise<{ readonly answering: readonly ClusterServer[]; readonly silent: readonly string[] }>;
  monitored(): Promise<readonly MonitoredServer[]>;
  /** The bucket of documents; undefined: there is none. */
  bucket(): Promise<ReplicatedStream | undefined>;
  logGroups(): Promise<readonly ReplicatedStream[]>;
  /** The names of the log groups that gateways have noted to exist. */
  notedGroups(): Promise<readonly string[]>;
  /** Only while there is a bucket. */
  readonly documents: Pick<DocumentStore, "get" | "list">;
  /** The log group of a shard. */
  groupOf(shard: ShardRef): string;
  /** The id of the stream that a log group was made for. */
  streamIdOf(group: string): string;
  conditionOf(shard: ShardRef): Promise<LogCondition>;
  /** The largest settings epoch on the fences of an open log. Rejects with `corrupt` for a damaged message there. */
  settingsEpochOf(shard: ShardRef): Promise<number>;
  /** Reads every message of every replica that can be asked, and compares them. */
  scrub(stream: ReplicatedStream): Promise<ScrubReport>;
  close(): Promise<void>;
}
