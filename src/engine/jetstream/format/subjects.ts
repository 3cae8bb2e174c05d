import { EngineError } from "../../engine-error.ts";
import type { ShardRef } from "../../shard-log.ts";

/** Where a shard log is: the note in the stream document. */
export interface LogPlacement {
  /** The log group's number among those of the stream. */
  readonly group: number;
  /** Names the log within its group: the shard's index, and behind a hyphen how often that index was dropped before. */
  readonly log: string;
  /** The number of fence subjects. */
  readonly stripes: number;
  /** The first sequence of a group with copied logs; their positions are below it. Absent: none was copied. */
  readonly first?: number;
}

/** All subjects of one shard log lie under `PREFIX.log.STREAM.GROUP.LOG`. */
export interface LogSubjects {
  /** The JetStream stream of the log group. */
  readonly group: string;
  readonly records: string;
  readonly fences: readonly string[];
  readonly end: string;
  readonly dropped: string;
  /** Matches all of them. */
  readonly all: string;
  /** Where the servers push what they store under `all`. */
  readonly pushes: string;
}

/** Names that several clusters on one account would share begin with a prefix. */
export interface SubjectNames {
  readonly prefix: string;
}

/** What a message of a log is, by the last words of its subject. */
export type LogMessageKind = "records" | "fence" | "end" | "dropped";

/** Reads a placement; `not_found` for one that this engine has not made. */
export function placementOf({ streamId, shardIndex, placement }: ShardRef): LogPlacement {
  const { group, log, stripes, first } = placement;
  if (typeof group !== "number" || typeof log !== "string" || typeof stripes !== "number") {
    throw new EngineError("not_found", `Shard ${shardIndex} of stream ${streamId} is not in this cluster.`);
  }
  return { group, log, stripes, ...(typeof first === "number" ? { first } : {}) };
}

export function groupName({ prefix }: SubjectNames, streamId: string, group: number): string {
  return `${prefix}_${token(streamId)}_${group}`;
}

/** The stream's id in the name of a log group. */
export function streamIdOfGroup({ prefix }: SubjectNames, name: string): string {
  return name.slice(prefix.length + 1, name.lastIndexOf("_"));
}

export function groupSubjects({ prefix }: SubjectNames, streamId: string, group: number) {
  const under = `log.${token(streamId)}.${group}.>`;
  return { stored: `${prefix}.${under}`, pushed: `${prefix}.push.${under}` };
}

/** Matches the subjects of the records of all logs of a group. */
export function recordsOfGroup({ prefix }: SubjectNames, streamId: string, group: number): string {
  return `${prefix}.log.${token(streamId)}.${group}.*.r`;
}

/** Matches the subjects of all log groups of all streams. */
export function allLogSubjects({ prefix }: SubjectNames): string {
  return `${prefix}.log.>`;
}

/** Matches the subjects of all log groups of a stream. */
export function streamSubjects({ prefix }: SubjectNames, streamId: string): string {
  return `${prefix}.log.${token(streamId)}.>`;
}

export function logSubjects(names: SubjectNames, streamId: string, { group, log, stripes }: LogPlacement): LogSubjects {
  const path = `log.${token(streamId)}.${group}.${log}`;
  const root = `${names.prefix}.${path}`;
  return {
    group: groupName(names, streamId, group),
    records: `${root}.r`,
    fences: Array.from({ length: stripes }, (_, stripe) => `${root}.f.${stripe}`),
    end: `${root}.e`,
    dropped: `${root}.x`,
    all: `${root}.>`,
    pushes: `${names.prefix}.push.${path}.>`,
  };
}

export function kindOf(subject: string): LogMessageKind {
  const last = subject.slice(subject.lastIndexOf(".") + 1);
  if (last === "r") return "records";
  if (last === "e") return "end";
  return last === "x" ? "dropped" : "fence";
}

/** A subject has dots between its words, and wildcards; ids of streams have neither. */
function token(streamId: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(streamId)) return streamId;
  throw new EngineError("not_found", `The stream id ${JSON.stringify(streamId)} cannot be one of this cluster.`);
}
