const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1.5 MiB` */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1.2 k`, `0.4`; at most four characters and a unit. */
export function countText(value: number): string {
  if (value === 0) return "0";
  if (value < 10) return value.toFixed(1).replace(/\.0$/, "");
  if (value < 1_000) return String(Math.round(value));
  const [scaled, unit] = value < 1_000_000 ? [value / 1_000, "k"] : [value / 1_000_000, "M"];
  return `${scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

/** `1,234,567`; `–` for what is not counted. */
export function exactText(value: number | undefined): string {
  return value === undefined ? "–" : value.toLocaleString("en-US");
}

/** `350 ms`, `12 s`, `5 min`, `3 h`, `2 d`: one unit, rounded down. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const steps = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ] as const;
  for (const [length, unit] of steps) if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return "";
}

/** `just now`, `12 s ago` */
export function agoText(ms: number): string {
  return ms < 1_500 ? "just now" : `${durationText(ms)} ago`;
}

const lagMsMax = 60_000;

/** The class of a text that says how far a reader is behind. */
export function lagTone(ms = 0): "warn" | "" {
  return ms > lagMsMax ? "warn" : "";
}

/** `14:05:09.123` of today in the browser's time zone, with the date before it on other days. */
export function timeText(ms: number, nowMs: number = Date.now()): string {
  const time = new Date(ms);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
  if (time.toDateString() === new Date(nowMs).toDateString()) return clock;
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${clock}`;
}

/** `3` and `record` give `3 records`. */
export function plural(count: number, noun: string): string {
  return `${exactText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `shard 12`: the number is what tells shards apart. */
export function shortShard(shardId: string): string {
  return shardId.replace(/^shardId-0*(?=\d)/, "");
}
