/** What writers sent to shard logs and what came of it, and whether logs that are read later agree with it. */
import type { StoredEntry } from "../../src/engine/shard-log.ts";

interface Sent {
  readonly writer: number;
  readonly number: number;
}

/** What a writer was told about an entry. */
type Told =
  | { readonly kind: "stored"; readonly shard: string; readonly position: bigint }
  /** Not stored in this shard, for good: it was sealed. The writer may send it to another one. */
  | { readonly kind: "refused"; readonly shard: string };

/** Each entry says by itself whose it is: `writer:number`. */
export class AppendHistory {
  readonly #told = new Map<string, Told[]>();
  readonly #ends = new Map<string, bigint>();

  /** The body of the next entry of a writer. */
  static bodyOf(writer: number, number: number): Uint8Array {
    return Buffer.from(`${writer}:${number}:${"x".repeat(number % 200)}`);
  }

  get storedCount(): number {
    return [...this.#told.values()].flat().filter(({ kind }) => kind === "stored").length;
  }

  tell(writer: number, number: number, told: Told): void {
    const id = `${writer}:${number}`;
    this.#told.set(id, [...(this.#told.get(id) ?? []), told]);
  }

  /** The seal of a shard was acknowledged, with its end. */
  sealed(shard: string, end: bigint): void {
    this.#ends.set(shard, end);
  }

  /** The faults of the logs, each as a sentence; `logs` has all entries by shard, parents before their children. */
  faultsOf(logs: ReadonlyMap<string, readonly StoredEntry[]>): readonly string[] {
    const places = new Map<string, { readonly shard: string; readonly position: bigint }[]>();
    for (const [shard, entries] of logs) {
      for (const entry of entries) {
        const { writer, number } = sentOf(entry);
        const id = `${writer}:${number}`;
        places.set(id, [...(places.get(id) ?? []), { shard, position: entry.position }]);
      }
    }
    return [
      ...[...this.#told].flatMap(([id, told]) => told.flatMap((one) => faultOf(id, one, places.get(id) ?? []))),
      ...[...places]
        .filter(([, found]) => found.length > 1)
        .map(([id, { length }]) => `${id} is stored ${length} times`),
      ...[...logs].flatMap(([shard, entries]) => this.#faultsBehindEnd(shard, entries)),
      ...orderFaults(logs, (id) => this.#told.has(id)),
    ];
  }

  #faultsBehindEnd(shard: string, entries: readonly StoredEntry[]): readonly string[] {
    const end = this.#ends.get(shard);
    if (end === undefined) return [];
    return entries
      .filter(({ position, count }) => position + BigInt(count) > end)
      .map((entry) => `${textOf(entry)} lies behind the end of ${shard}`);
  }
}

function faultOf(
  id: string,
  told: Told,
  places: readonly { readonly shard: string; readonly position: bigint }[],
): readonly string[] {
  const inShard = places.filter(({ shard }) => shard === told.shard);
  if (told.kind === "refused")
    return inShard.length === 0 ? [] : [`${id} was refused by ${told.shard} and is stored there`];
  if (places.length === 0) return [`${id} was acknowledged and is lost`];
  if (inShard.some(({ position }) => position === told.position)) return [];
  return [`${id} was acknowledged at ${told.shard} ${told.position} and is elsewhere`];
}

/**
 * Each writer sends its next entry when it was told what became of the one before, so its numbers increase along the
 * lineage. An entry whose writer was told nothing may come late.
 */
function orderFaults(
  logs: ReadonlyMap<string, readonly StoredEntry[]>,
  isTold: (id: string) => boolean,
): readonly string[] {
  const faults: string[] = [];
  const last = new Map<number, number>();
  for (const [shard, entries] of logs) {
    let position = 0n;
    for (const entry of entries) {
      const { writer, number } = sentOf(entry);
      if (!isTold(textOf(entry))) continue;
      if (number < (last.get(writer) ?? -1))
        faults.push(`${textOf(entry)} comes after ${last.get(writer)} in ${shard}`);
      if (entry.position < position) faults.push(`${textOf(entry)} lies before the entry in front of it in ${shard}`);
      last.set(writer, Math.max(number, last.get(writer) ?? -1));
      position = entry.position + BigInt(entry.count);
    }
  }
  return faults;
}

function sentOf(entry: StoredEntry): Sent {
  const [writer, number] = textOf(entry).split(":").map(Number);
  return { writer: writer ?? -1, number: number ?? -1 };
}

function textOf({ body }: StoredEntry): string {
  return Buffer.from(body).toString().split(":").slice(0, 2).join(":");
}
