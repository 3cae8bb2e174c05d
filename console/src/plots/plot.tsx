import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { shownTheme } from "../app/preferences.ts";
import { timeText } from "../parts/format.ts";

export interface PlotLine {
  readonly label: string;
  /** Custom property of the style sheet. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  readonly title: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly format: (value: number) => string;
}

const height = 140;

/** Lines over time. */
export function Plot({ title, times, lines, format }: PlotProps) {
  const ref = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const theme = shownTheme.value;
  const key = `${title} ${theme} ${lines.map(({ label }) => label).join(",")}`;
  useEffect(() => {
    const place = ref.current;
    if (place === null) return undefined;
    const style = getComputedStyle(place);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const made = new uPlot(
      {
        width: place.clientWidth,
        height,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, y: false },
        scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
        axes: [
          { ...axis, space: 70, size: 30, values: (_plot, splits) => splits.map(clockText) },
          { ...axis, size: 76, values: (_plot, splits) => splits.map(format) },
        ],
        series: [
          {},
          ...lines.map(({ label, color: name }) => ({
            label,
            stroke: color(name),
            width: 1.5,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      dataOf(times, lines),
      place,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height }));
    observer.observe(place);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [key]);
  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines]);
  return (
    <figure class="plot">
      <figcaption>
        <b>{title}</b>
        {lines.map(({ label, color, values }) => (
          <span key={label} class={`legend ${color.slice(2)}`}>
            {label} <b>{lastText(values, format)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={ref} role="img" aria-label={`${title}: ${summary(lines, format)}`} />
    </figure>
  );
}

/** Hours and minutes. */
function clockText(seconds: number): string {
  return timeText(seconds * 1000)
    .slice(-12)
    .slice(0, 5);
}

function dataOf(times: readonly number[], lines: readonly PlotLine[]): uPlot.AlignedData {
  return [times as number[], ...lines.map(({ values }) => values as (number | null)[])];
}

function lastText(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.at(-1);
  return last == null ? "–" : format(last);
}

function summary(lines: readonly PlotLine[], format: (value: number) => string): string {
  return lines
    .map(({ label, values }) => {
      const known = values.filter((value) => value !== null);
      return `${label} now ${lastText(values, format)}, at most ${known.length === 0 ? "–" : format(Math.max(...known))}`;
    })
    .join("; ");
}
