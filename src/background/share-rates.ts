import type { GatewayDocuments } from "../gateways/gateway-documents.ts";
import type { StreamWrites } from "../shards/write-rate-history.ts";
import { addedRates, noWrites, type WriteRate } from "../streams/scaling/write-rate.ts";
import type { Clock } from "../time/clock.ts";
import type { SharedRates } from "./scaling-sweep.ts";

/** What a gateway told longer ago does not count: it writes again every 15 s while it stores something. */
const toldMsMax = 60_000;

/** Shards that one gateway tells of, those with the most bytes; the rest counts for its stream alone. */
const toldShardsMax = 10_000;

type ShardRow = readonly [index: number, bytesPerSecond: number, recordsPerSecond: number];
type StreamRow = readonly [
  streamId: string,
  bytesPerSecond: number,
  recordsPerSecond: number,
  shards: readonly ShardRow[],
];

/** Tells the write rates of this gateway to the others by one document of each, so that one of them can decide for all. */
export function shareRates(documents: GatewayDocuments, clock: Pick<Clock, "monotonicMs">): SharedRates {
  let wasSilent = true;
  return {
    async publish(rates) {
      if (rates.size === 0 && wasSilent) return;
      await documents.write(Buffer.from(JSON.stringify(rowsOf(rates))));
      wasSilent = rates.size === 0;
    },
    withOthers(own) {
      const all = new Map(own);
      for (const { value, seenMs } of documents.others()) {
        if (clock.monotonicMs() - seenMs > toldMsMax) continue;
        for (const [id, writes] of writesOf(JSON.parse(Buffer.from(value).toString()) as readonly StreamRow[])) {
          const known = all.get(id);
          all.set(id, known === undefined ? writes : addedWrites(known, writes));
        }
      }
      return all;
    },
  };
}

function rowsOf(rates: ReadonlyMap<string, StreamWrites>): readonly StreamRow[] {
  const bytes = [...rates.values()].flatMap(({ shards }) => [...shards.values()].map((rate) => rate.bytesPerSecond));
  const bytesMin = bytes.sort((one, other) => other - one)[toldShardsMax] ?? -1;
  return [...rates].map(([id, { total, shards }]) => {
    const told = [...shards].filter(([, rate]) => rate.bytesPerSecond > bytesMin);
    return [id, ...rowOf(total), told.map(([index, rate]) => [index, ...rowOf(rate)] as const)];
  });
}

function rowOf({ bytesPerSecond, recordsPerSecond }: WriteRate): readonly [bytes: number, records: number] {
  return [Math.round(bytesPerSecond), Math.round(recordsPerSecond * 100) / 100];
}

function writesOf(rows: readonly StreamRow[]): ReadonlyMap<string, StreamWrites> {
  return new Map(
    rows.map(([id, bytesPerSecond, recordsPerSecond, shards]) => [
      id,
      {
        total: { bytesPerSecond, recordsPerSecond },
        shards: new Map(
          shards.map(([index, bytes, records]) => [index, { bytesPerSecond: bytes, recordsPerSecond: records }]),
        ),
      },
    ]),
  );
}

function addedWrites(one: StreamWrites, other: StreamWrites): StreamWrites {
  const shards = new Map(one.shards);
  for (const [index, rate] of other.shards) shards.set(index, addedRates(rate, shards.get(index) ?? noWrites));
  return { total: addedRates(one.total, other.total), shards };
}
