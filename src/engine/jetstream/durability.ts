import { acknowledgesEarly, clockDifferenceMsMax, replicasMin } from "../cluster-facts.ts";

/** What the engine found out, or was told, about the servers. */
export interface ServerFacts {
  readonly replicaCount: number;
  readonly persistMode: string | undefined;
  /** By server: what its monitoring endpoint says of `sync_interval`. Absent without monitoring endpoints. */
  readonly monitored?: readonly { readonly url: string; readonly syncsAlways: boolean | undefined }[];
  readonly assumesFsync: boolean;
  /** Wall clock of the bucket's leader less that of the gateway. */
  readonly clockDifferenceMs: number;
}

export interface Durability {
  /** Whether an acknowledgement means: on the disks of a majority, as far as is known. */
  readonly isDurable: boolean;
  /** Why acknowledgements mean less than that. Each refuses the start unless degraded service is allowed. */
  readonly shortcomings: readonly string[];
  /** Sentences for health that refuse nothing. */
  readonly notes: readonly string[];
}

/** Undefined for a version that the engine works with; otherwise why not. Without a number it is taken as it is. */
export function versionFault(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const number = major * 1e6 + minor * 1e3 + patch;
  const isFit = number >= 2_015_002 || (number >= 2_014_007 && number < 2_015_000);
  return isFit
    ? undefined
    : `nats-server ${version} is not supported: use 2.14.7 or newer of 2.14, or 2.15.2 or newer, with which the engine was tested`;
}

/** Holds what is known of the servers against what an acknowledgement promises. */
export function judgeDurability(facts: ServerFacts): Durability {
  const { replicaCount, persistMode, monitored, assumesFsync, clockDifferenceMs } = facts;
  const shortcomings: string[] = [];
  const notes: string[] = [];
  if (replicaCount < replicasMin) {
    shortcomings.push(`there is one copy of each record, not ${replicasMin}: a lost disk loses what was acknowledged`);
  }
  if (acknowledgesEarly(persistMode)) {
    shortcomings.push(`the bucket of documents has persist_mode ${persistMode}, which acknowledges before it stores`);
  }
  shortcomings.push(...fsyncShortcomings(monitored, assumesFsync));
  if (assumesFsync && monitored === undefined) {
    notes.push("that the NATS servers run with sync_interval always was stated with --assume-fsync, not verified");
  }
  if (Math.abs(clockDifferenceMs) > clockDifferenceMsMax) {
    notes.push(
      `the clock of a NATS server differs from this gateway's by ${Math.round(clockDifferenceMs)} ms, so times of records and AT_TIMESTAMP are off by that; synchronize the clocks`,
    );
  }
  return { isDurable: shortcomings.length === 0, shortcomings, notes };
}

function fsyncShortcomings(monitored: ServerFacts["monitored"], assumesFsync: boolean): readonly string[] {
  if (monitored === undefined) {
    if (assumesFsync) return [];
    return [
      "it is not known whether the NATS servers sync each record to disk before they acknowledge it (sync_interval always); show their monitoring endpoints with --nats-monitor, or state it with --assume-fsync",
    ];
  }
  return monitored.flatMap(({ url, syncsAlways }) => {
    if (syncsAlways === true) return [];
    if (syncsAlways === false) {
      return [
        `the NATS server at ${url} does not run with sync_interval always, so a power cut loses what was acknowledged`,
      ];
    }
    return assumesFsync ? [] : [`the NATS server at ${url} does not answer, so its sync_interval is not known`];
  });
}
