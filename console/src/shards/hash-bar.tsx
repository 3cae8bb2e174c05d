import type { TrafficReport } from "../api/console-data.ts";
import { type Drawing, useCanvas } from "../parts/use-canvas.ts";
import { type Heat, heatOf, hottestBytes } from "./heat.ts";
import { fractionOf, type Shard, shareOf } from "./shard.ts";

interface HashBarProps {
  readonly shards: readonly Shard[];
  readonly traffic: TrafficReport | undefined;
  readonly selectedId: string | undefined;
  /** From 0 to 1. */
  readonly marker: number | undefined;
  readonly onSelect: (shardId: string | undefined) => void;
}

const barHeight = 26;
const labelWidthMin = 24;

/** All hash keys from the first to the last: how wide each open shard is, and above it how much is put into it. */
export function HashBar({ shards, traffic, selectedId, marker, onSelect }: HashBarProps) {
  const open = shards.filter(({ isOpen }) => isOpen);
  const ref = useCanvas(
    (drawing) => drawBar(drawing, open, { traffic, selectedId, marker }),
    [shards, traffic, selectedId, marker],
  );
  return (
    <canvas
      ref={ref}
      class="hash-bar"
      role="img"
      aria-label="Hash key ranges of the open shards with their traffic; the table below lists them"
      onClick={(event) => {
        const at = event.offsetX / event.currentTarget.clientWidth;
        onSelect(open.find(({ start, end }) => fractionOf(start) <= at && at < fractionOf(end + 1n))?.id);
      }}
    />
  );
}

interface Highlights {
  readonly traffic: TrafficReport | undefined;
  readonly selectedId: string | undefined;
  readonly marker: number | undefined;
}

function drawBar(drawing: Drawing, open: readonly Shard[], { traffic, selectedId, marker }: Highlights): void {
  const { context, width, height, color } = drawing;
  const hottest = hottestBytes(traffic);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const shard of open) {
    const heat = heatOf(traffic?.shards[shard.index], traffic?.stream, open.length);
    drawShard(drawing, shard, { bytes: traffic?.shards[shard.index]?.incomingBytes ?? 0, hottest, heat });
  }
  const selected = open.find(({ id }) => id === selectedId);
  if (selected !== undefined) {
    const { x, w } = extentOf(selected, width);
    context.strokeStyle = color("--accent");
    context.lineWidth = 2.5;
    context.strokeRect(x + 1, height - barHeight + 1, Math.max(2, w - 3), barHeight - 2);
  }
  if (marker !== undefined) {
    context.fillStyle = color("--accent");
    context.fillRect(marker * width - 1, 0, 2, height);
  }
}

interface ShardLoad {
  readonly bytes: number;
  /** Bytes a second of the shard that takes the most. */
  readonly hottest: number;
  readonly heat: Heat;
}

function drawShard(
  { context, width, height, color }: Drawing,
  shard: Shard,
  { bytes, hottest, heat }: ShardLoad,
): void {
  const { x, w } = extentOf(shard, width);
  const gap = w > 4 ? 1 : 0;
  const chartHeight = height - barHeight - 2;
  if (bytes > 0 && hottest > 0) {
    const h = Math.max(2, (bytes / hottest) * chartHeight);
    context.fillStyle = color(heat === "hot" ? "--bad" : "--heat");
    context.fillRect(x, chartHeight - h, w - gap, h);
  }
  context.fillStyle = color("--open");
  context.fillRect(x, height - barHeight, w - gap, barHeight);
  if (w < labelWidthMin) return;
  context.fillStyle = color("--open-text");
  context.fillText(String(shard.index), x + 5, height - barHeight / 2);
}

function extentOf(shard: Shard, width: number): { readonly x: number; readonly w: number } {
  return { x: fractionOf(shard.start) * width, w: Math.max(0.5, shareOf(shard) * width) };
}
