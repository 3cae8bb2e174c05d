import type { Sample } from "./prometheus-text.ts";

// Powers of two from 0.125 ms to 8.192 s, so that the bucket of a duration is a logarithm.
const lowestMs = 0.125;
const bucketCount = 17;

/** Histogram of durations; each bucket's bound is twice the one before. */
export class DurationHistogram {
  readonly #counts = new Float64Array(bucketCount + 1);
  #sumMs = 0;

  observe(durationMs: number): void {
    const exponent = Math.ceil(Math.log2(durationMs / lowestMs));
    // A duration of 0 gives -Infinity. The last bucket has all durations above the last bound.
    const index = exponent > 0 ? Math.min(exponent, bucketCount) : 0;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sumMs += durationMs;
  }

  /** Cumulative, in seconds, as Prometheus defines them. */
  samples(labels: Readonly<Record<string, string>>): Sample[] {
    const samples: Sample[] = [];
    let count = 0;
    for (let index = 0; index <= bucketCount; index++) {
      count += this.#counts[index] ?? 0;
      const le = index === bucketCount ? "+Inf" : String((lowestMs * 2 ** index) / 1000);
      samples.push({ suffix: "_bucket", labels: { ...labels, le }, value: count });
    }
    samples.push({ suffix: "_sum", labels, value: this.#sumMs / 1000 }, { suffix: "_count", labels, value: count });
    return samples;
  }
}
