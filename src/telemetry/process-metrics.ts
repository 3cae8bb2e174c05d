import { type ELDHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { MetricFamily, MetricType } from "./prometheus-text.ts";

// Ten wake-ups a second show a stall and cost an idle process next to nothing.
const resolutionMs = 100;
const nsPerSecond = 1e9;

/**
 * Metrics of the process, under the names that dashboards for Node use. Each reader has its own, because the delays begin at
 * its last reading.
 */
export class ProcessMetrics {
  readonly #delay: ELDHistogram;

  constructor() {
    this.#delay = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#delay.enable();
  }

  /** Delays are measured since the last call. */
  families(): MetricFamily[] {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    // The histogram measures the interval between two wake-ups, which contains `resolutionMs`.
    const delaySeconds = (ns: number): number => Math.max(0, ns / nsPerSecond - resolutionMs / 1000);
    const families = [
      single("process_cpu_user_seconds_total", "counter", "CPU time in user mode.", cpu.user / 1e6),
      single("process_cpu_system_seconds_total", "counter", "CPU time in the kernel.", cpu.system / 1e6),
      single("process_resident_memory_bytes", "gauge", "Resident memory.", memory.rss),
      single("process_uptime_seconds", "gauge", "Time since the process started.", process.uptime()),
      single("nodejs_heap_size_used_bytes", "gauge", "JavaScript heap in use.", memory.heapUsed),
      single("nodejs_heap_size_total_bytes", "gauge", "JavaScript heap reserved.", memory.heapTotal),
      single("nodejs_external_memory_bytes", "gauge", "Memory of buffers outside the heap.", memory.external),
      single(
        "nodejs_eventloop_lag_p50_seconds",
        "gauge",
        "Median delay of the event loop.",
        this.#delay.count === 0 ? 0 : delaySeconds(this.#delay.percentile(50)),
      ),
      single(
        "nodejs_eventloop_lag_p99_seconds",
        "gauge",
        "99th percentile of the event loop's delay.",
        this.#delay.count === 0 ? 0 : delaySeconds(this.#delay.percentile(99)),
      ),
      single(
        "nodejs_eventloop_lag_max_seconds",
        "gauge",
        "Longest delay of the event loop.",
        this.#delay.count === 0 ? 0 : delaySeconds(this.#delay.max),
      ),
    ];
    this.#delay.reset();
    return families;
  }

  close(): void {
    this.#delay.disable();
  }
}

function single(name: string, type: MetricType, help: string, value: number): MetricFamily {
  return { name, type, help, samples: [{ value }] };
}
