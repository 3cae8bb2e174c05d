import { useMemo } from "preact/hooks";
import type { TrafficReport } from "../api/console-data.ts";
import { timeText } from "../parts/format.ts";
import { type Drawing, useCanvas } from "../parts/use-canvas.ts";
import { hottestBytes, warmthOf } from "./heat.ts";
import { type Lineage, type LineageBox, lineageOf } from "./lineage.ts";
import type { Shard } from "./shard.ts";

interface LineageGraphProps {
  readonly shards: readonly Shard[];
  readonly traffic: TrafficReport | undefined;
  readonly selectedId: string | undefined;
  /** The hash key of a partition key that is looked for, from 0 to 1. */
  readonly marker: number | undefined;
  readonly onSelect: (shardId: string | undefined) => void;
}

const axisHeight = 20;
const labelWidthMin = 26;
const labelHeightMin = 13;
/** The label of the hottest shard stays readable. */
const heatAlpha = 0.4;

/** Splits and merges over time: each box is a shard, as high as its part of the hash keys. */
export function LineageGraph({ shards, traffic, selectedId, marker, onSelect }: LineageGraphProps) {
  const lineage = useMemo(() => lineageOf(shards), [shards]);
  const ref = useCanvas(
    (drawing) => drawLineage(drawing, lineage, { traffic, selectedId, marker }),
    [lineage, traffic, selectedId, marker],
  );
  const pick = (event: MouseEvent): void => {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const step = (event.offsetX / canvas.clientWidth) * lineage.steps.length;
    const key = event.offsetY / (canvas.clientHeight - axisHeight);
    const box = lineage.boxes.find(
      ({ left, right, top, bottom }) => left <= step && step < right && top <= key && key < bottom,
    );
    onSelect(box?.shard.id);
  };
  return (
    <canvas
      ref={ref}
      class="lineage"
      role="img"
      aria-label={`Lineage of ${shards.length} shards in ${lineage.steps.length} steps; the table below lists them`}
      onClick={pick}
    />
  );
}

interface Highlights {
  readonly traffic: TrafficReport | undefined;
  readonly selectedId: string | undefined;
  readonly marker: number | undefined;
}

function drawLineage(drawing: Drawing, lineage: Lineage, { traffic, selectedId, marker }: Highlights): void {
  const { context, width, height, color } = drawing;
  const scale: Scale = { stepWidth: width / lineage.steps.length, bodyHeight: height - axisHeight };
  const hottest = hottestBytes(traffic);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const box of lineage.boxes) {
    const warmth = box.shard.isOpen ? warmthOf(traffic?.shards[box.shard.index], hottest) : 0;
    drawBox(drawing, box, scale, warmth);
  }
  const selected = lineage.boxes.find(({ shard }) => shard.id === selectedId);
  if (selected !== undefined) {
    const { x, y, w, h } = placeOf(selected, scale);
    context.strokeStyle = color("--accent");
    context.lineWidth = 2.5;
    context.strokeRect(x + 1.5, y + 1, w - 3, Math.max(2, h - 2));
  }
  if (marker !== undefined) drawMarker(drawing, marker * scale.bodyHeight);
  drawSteps(drawing, lineage.steps, scale.stepWidth);
}

interface Scale {
  readonly stepWidth: number;
  readonly bodyHeight: number;
}

function placeOf({ left, right, top, bottom }: LineageBox, { stepWidth, bodyHeight }: Scale) {
  return {
    x: left * stepWidth,
    y: top * bodyHeight,
    w: (right - left) * stepWidth,
    h: Math.max(0.5, (bottom - top) * bodyHeight),
  };
}

function drawBox({ context, color }: Drawing, box: LineageBox, scale: Scale, warmth: number): void {
  const { x, y, w, h } = placeOf(box, scale);
  const { index, isOpen } = box.shard;
  const gap = h > 4 ? 1 : 0;
  context.fillStyle = color(isOpen ? "--open" : "--closed");
  context.fillRect(x + 1, y, w - 2, h - gap);
  if (warmth > 0) {
    context.globalAlpha = warmth * heatAlpha;
    context.fillStyle = color("--heat");
    context.fillRect(x + 1, y, w - 2, h - gap);
    context.globalAlpha = 1;
  }
  if (w < labelWidthMin || h < labelHeightMin) return;
  context.fillStyle = color(isOpen ? "--open-text" : "--closed-text");
  context.fillText(String(index), x + 7, y + h / 2);
}

function drawMarker({ context, width, color }: Drawing, y: number): void {
  context.strokeStyle = color("--accent");
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
}

const stepLabelWidth = 96;

/** When each step began, as far as the labels fit; at the right end is now. */
function drawSteps({ context, width, height, color }: Drawing, steps: Lineage["steps"], stepWidth: number): void {
  context.fillStyle = color("--muted");
  const y = height - axisHeight / 2 + 2;
  let free = 0;
  for (const [step, timeMs] of steps.entries()) {
    const x = step * stepWidth;
    if (timeMs === undefined || x < free || x + stepLabelWidth > width - 30) continue;
    context.fillText(timeText(timeMs).slice(0, -4), x + 2, y);
    free = x + stepLabelWidth + 40;
  }
  context.textAlign = "right";
  context.fillText("now", width - 2, y);
  context.textAlign = "left";
}
