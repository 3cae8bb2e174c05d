import {
  backgroundTaskFailed,
  connectionCut,
  type GroupCommitted,
  groupCommitted,
  metricsExported,
  type RequestFinished,
  requestFailed,
  requestFinished,
  requestRefused,
  serverFault,
} from "./diagnostic-events.ts";
import { DurationHistogram } from "./histogram.ts";
import { type MetricFamily, metricName, type Sample } from "./prometheus-text.ts";

/** Counts of one operation since the start. */
class OperationTally {
  readonly durations = new DurationHistogram();
  readonly outcomes = new Map<string, number>();
  requestBytes = 0;
  responseBytes = 0;
  recordCount = 0;
}

/** Figures at the time of a scrape, by group and name: `{ engine: { wal_bytes: 1 } }`. */
export type Figures = Readonly<Record<string, Readonly<Record<string, number>>>>;

// Outcomes are a closed list of error types; the bound guards against one with a caller's text.
const seriesPerFamilyMax = 200;
const recordsOut: ReadonlySet<string> = new Set([
  "GetRecords",
  "ReceiveDeadLetterQueueRecords",
  "ReceiveQueueRecords",
  "SubscribeToShard",
]);

/** What the figures count whose names do not say it. */
const figureHelp: Readonly<Record<string, string>> = {
  millrace_server_connection_bytes:
    "Estimated memory of connections and of heads of requests, without bodies and responses.",
  millrace_server_request_bytes_in_flight: "Bytes of request bodies that are received or handled.",
  millrace_server_requests_waiting_for_memory: "Requests whose body waits for the limit of all bodies.",
  millrace_server_response_bytes_in_flight: "Bytes of responses that are being made or are not sent yet.",
  millrace_server_responses_waiting_for_memory: "Requests that wait for the limit of all responses.",
};

/** Counts the diagnostic events. */
export class Metrics {
  readonly #operations = new Map<string, OperationTally>();
  readonly #refusals = new Map<string, number>();
  readonly #cuts = new Map<string, number>();
  /** With zeros: the rate of a series that begins with its first fault does not show that one. */
  readonly #faults = new Map([
    ["request", 0],
    ["background", 0],
    ["server", 0],
  ]);
  readonly #exports = new Map<string, number>();
  readonly #commitDurations = new DurationHistogram();
  readonly #unsubscribe: readonly (() => void)[];
  #committedEntries = 0;
  #committedBytes = 0;

  constructor() {
    this.#unsubscribe = [
      requestFinished.subscribe((request) => this.#countRequest(request)),
      requestRefused.subscribe(({ reason }) => increment(this.#refusals, reason)),
      connectionCut.subscribe(({ reason }) => increment(this.#cuts, reason)),
      groupCommitted.subscribe((group) => this.#countGroup(group)),
      requestFailed.subscribe(() => increment(this.#faults, "request")),
      backgroundTaskFailed.subscribe(() => increment(this.#faults, "background")),
      serverFault.subscribe(() => increment(this.#faults, "server")),
      metricsExported.subscribe(({ reason }) => increment(this.#exports, reason === undefined ? "ok" : "failed")),
    ];
  }

  /** All counts, and the figures. */
  families(figures: Figures): readonly MetricFamily[] {
    const families = [...this.#requestFamilies(), ...this.#serverFamilies()];
    for (const [group, values] of Object.entries(figures)) {
      for (const [figure, value] of Object.entries(values)) {
        const name = metricName(`millrace_${group}_${figure}`);
        const help = figureHelp[name] ?? `Figure of the ${group}: ${figure}.`;
        const type = name.endsWith("_total") ? "counter" : "gauge";
        families.push({ name, type, help, samples: [{ value }] });
      }
    }
    return families;
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #countRequest(request: RequestFinished): void {
    const tally = this.#tallyOf(request.operation);
    increment(tally.outcomes, request.outcome);
    tally.durations.observe(request.durationMs);
    tally.requestBytes += request.requestBytes;
    tally.responseBytes += request.responseBytes;
    tally.recordCount += request.recordCount ?? 0;
  }

  #tallyOf(operation: string): OperationTally {
    const key = boundedKey(this.#operations, operation);
    let tally = this.#operations.get(key);
    if (tally === undefined) {
      tally = new OperationTally();
      this.#operations.set(key, tally);
    }
    return tally;
  }

  #countGroup(group: GroupCommitted): void {
    this.#commitDurations.observe(group.durationMs);
    this.#committedEntries += group.entryCount;
    this.#committedBytes += group.byteCount;
  }

  #requestFamilies(): MetricFamily[] {
    const tallies = [...this.#operations];
    const perOperation = (value: (tally: OperationTally) => number): Sample[] =>
      tallies.map(([operation, tally]) => ({ labels: { operation }, value: value(tally) }));
    const records = (isOut: boolean): Sample[] =>
      tallies
        .filter(([operation, tally]) => tally.recordCount > 0 && recordsOut.has(operation) === isOut)
        .map(([operation, tally]) => ({ labels: { operation }, value: tally.recordCount }));
    return [
      {
        name: "millrace_requests_total",
        type: "counter",
        help: "Requests by operation and outcome: ok, or the type of the error.",
        samples: tallies.flatMap(([operation, tally]) =>
          [...tally.outcomes].map(([outcome, value]) => ({ labels: { operation, outcome }, value })),
        ),
      },
      {
        name: "millrace_request_duration_seconds",
        type: "histogram",
        help: "Time from the complete request to its response.",
        samples: tallies.flatMap(([operation, tally]) => tally.durations.samples({ operation })),
      },
      counter(
        "millrace_request_bytes_total",
        "Bytes of request bodies.",
        perOperation((tally) => tally.requestBytes),
      ),
      counter(
        "millrace_response_bytes_total",
        "Bytes of response bodies.",
        perOperation((tally) => tally.responseBytes),
      ),
      counter("millrace_records_in_total", "Records stored.", records(false)),
      counter("millrace_records_out_total", "Records returned.", records(true)),
    ];
  }

  #serverFamilies(): MetricFamily[] {
    return [
      counter(
        "millrace_requests_refused_total",
        "Requests refused before the API.",
        labelled("reason", this.#refusals),
      ),
      counter("millrace_connections_cut_total", "Connections closed by a limit.", labelled("reason", this.#cuts)),
      counter("millrace_faults_total", "Internal errors of the server.", labelled("where", this.#faults)),
      counter(
        "millrace_metric_exports_total",
        "Exports of all metrics to the collector by outcome: ok or failed.",
        labelled("outcome", this.#exports),
      ),
      {
        name: "millrace_commit_duration_seconds",
        type: "histogram",
        help: "Time from the first byte of a commit group written to the WAL until all of it is durable.",
        samples: this.#committedEntries === 0 ? [] : this.#commitDurations.samples({}),
      },
      counter("millrace_commit_entries_total", "WAL entries made durable.", [{ value: this.#committedEntries }]),
      counter("millrace_commit_bytes_total", "WAL bytes made durable.", [{ value: this.#committedBytes }]),
    ];
  }
}

function increment(counts: Map<string, number>, name: string): void {
  const key = boundedKey(counts, name);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function boundedKey(series: ReadonlyMap<string, unknown>, name: string): string {
  return series.size < seriesPerFamilyMax || series.has(name) ? name : "other";
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: "counter", help, samples };
}

function labelled(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }));
}
