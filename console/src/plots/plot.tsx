import { useState } from "preact/hooks";
import { timeText } from "../parts/format.ts";
import { type Drawing, useCanvas } from "../parts/use-canvas.ts";
import { timeTicks, valueTicks } from "./ticks.ts";

export interface PlotLine {
  readonly label: string;
  /** Custom property of the style sheet. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  readonly title: string;
  /** Seconds since the epoch, at even steps. */
  readonly times: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly format: (value: number) => string;
  /** What `format` shows values in, the smallest unit first. */
  readonly units?: readonly number[] | undefined;
}

const axis = { left: 76, right: 8, top: 6, bottom: 22 };
const timeLabelWidth = 70;

/** Lines over time. The legend has the newest values, or those under the pointer. */
export function Plot({ title, times, lines, format, units }: PlotProps) {
  const [pointed, setPointed] = useState<number>();
  const ref = useCanvas(
    (drawing) => drawPlot(drawing, { times, lines, format, units, pointed }),
    [times, lines, pointed],
  );
  const pointedTime = pointed === undefined ? undefined : times[pointed];
  return (
    <figure class="plot">
      <figcaption>
        <b>{title}</b>
        {lines.map(({ label, color, values }) => (
          <span key={label} class={`legend ${color.slice(2)}`}>
            {label} <b>{valueText(pointed === undefined ? values.at(-1) : values[pointed], format)}</b>
          </span>
        ))}
        {pointedTime !== undefined && <span>{timeText(pointedTime * 1_000).slice(0, -4)}</span>}
      </figcaption>
      <canvas
        ref={ref}
        class="lines"
        role="img"
        aria-label={`${title}: ${summary(lines, format)}`}
        onPointerMove={(event) => {
          const share = (event.offsetX - axis.left) / (event.currentTarget.clientWidth - axis.left - axis.right);
          const index = Math.round(share * (times.length - 1));
          setPointed(index >= 0 && index < times.length ? index : undefined);
        }}
        onPointerLeave={() => setPointed(undefined)}
      />
    </figure>
  );
}

type PlotData = Omit<PlotProps, "title"> & { readonly pointed: number | undefined };

function drawPlot(drawing: Drawing, { times, lines, format, units, pointed }: PlotData): void {
  const { context, width, height, color } = drawing;
  const [from, to] = [times[0] ?? 0, times.at(-1) ?? 1];
  const top = largest(lines) || 1;
  const [plotWidth, plotHeight] = [width - axis.left - axis.right, height - axis.top - axis.bottom];
  const xOf = (index: number): number => axis.left + (index / Math.max(1, times.length - 1)) * plotWidth;
  const yOf = (value: number): number => axis.top + plotHeight * (1 - value / (top * 1.1));
  context.font = "12px system-ui, sans-serif";
  context.lineWidth = 1;
  context.strokeStyle = color("--line");
  context.fillStyle = color("--muted");
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of valueTicks(top, units)) {
    stroke(context, [
      [axis.left, yOf(tick)],
      [width - axis.right, yOf(tick)],
    ]);
    context.fillText(format(tick), axis.left - 8, yOf(tick));
  }
  context.textAlign = "center";
  for (const tick of timeTicks(from, to, plotWidth / timeLabelWidth)) {
    const x = axis.left + ((tick - from) / (to - from)) * plotWidth;
    stroke(context, [
      [x, axis.top],
      [x, height - axis.bottom],
    ]);
    context.fillText(timeText(tick * 1_000).slice(-12, to - from < 600 ? -4 : -7), x, height - axis.bottom / 2);
  }
  if (pointed !== undefined) {
    context.strokeStyle = color("--muted");
    stroke(context, [
      [xOf(pointed), axis.top],
      [xOf(pointed), height - axis.bottom],
    ]);
  }
  context.lineWidth = 1.5;
  for (const line of lines) {
    context.strokeStyle = color(line.color);
    for (const run of runsOf(line.values)) {
      stroke(
        context,
        run.map(([index, value]) => [xOf(index), yOf(value)]),
      );
    }
  }
}

function stroke(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

/** Consecutive values that were measured, with their indexes: a line has a gap where nothing was. */
function runsOf(values: readonly (number | null)[]): readonly (readonly (readonly [number, number])[])[] {
  const runs: (readonly [number, number])[][] = [];
  let run: (readonly [number, number])[] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) {
      run = [];
      continue;
    }
    if (run.length === 0) runs.push(run);
    run.push([index, value]);
  }
  return runs;
}

function largest(lines: readonly PlotLine[]): number {
  return lines.reduce((most, { values }) => values.reduce<number>((max, value) => Math.max(max, value ?? 0), most), 0);
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value == null ? "–" : format(value);
}

function summary(lines: readonly PlotLine[], format: (value: number) => string): string {
  return lines
    .map((line) => `${line.label} now ${valueText(line.values.at(-1), format)}, at most ${format(largest([line]))}`)
    .join("; ");
}
