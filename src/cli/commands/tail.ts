import { type Command, Option } from "commander";
import type { Connection, ConnectionOptions } from "../client/connection.ts";
import { describeFailure } from "../client/describe-failure.ts";
import type { OnTrouble } from "../client/retry-transient.ts";
import { exitCodes } from "../output/command-error.ts";
import { note } from "../output/progress.ts";
import { watchReader, writeOut } from "../output/stdout.ts";
import type { StreamEnd } from "../reading/end-rule.ts";
import { type FollowOptions, followStream } from "../reading/follow-stream.ts";
import { pollShards } from "../reading/poll-shard.ts";
import type { ShardPage } from "../reading/shard-source.ts";
import { withConsumer } from "../reading/temporary-consumer.ts";
import { decodeRecord } from "../records/decode-record.ts";
import { recordFormat, recordFormats, templateFields } from "../records/format-record.ts";
import { type FilterOptions, recordFilter } from "../records/record-filter.ts";
import { parseStart, parseTime, startForms } from "../records/start-position.ts";
import { addConnectionOptions, collect, defineCommand, runConnected, wholeNumber } from "./define-command.ts";

export interface ReadOptions extends ConnectionOptions {
  readonly from: string;
  readonly until?: string;
  readonly shard?: readonly string[];
  readonly poll: number;
  readonly efo?: string;
}

interface TailOptions extends ReadOptions, FilterOptions {
  readonly follow: boolean;
  readonly decode: boolean;
  readonly limit?: number;
  readonly format: string;
  readonly json?: boolean;
}

const pollMsDefault = 250;
/** After so long without a record a terminal is told what the command waits for. */
const silenceMs = 1_000;

export function tailCommand(): Command {
  const command = defineCommand({
    name: "tail <stream>",
    summary: "print the records of all shards, and new ones as they come",
    description:
      "Prints the records of all shards, and new ones as they come, across splits and merges. " +
      "Records of one partition key come in their order. " +
      "Aggregated records (KPL) are taken apart, gzip is unzipped.",
    arguments: { stream: "name of the stream" },
    examples: [
      "millrace tail orders",
      "millrace tail orders --from 5m --grep error",
      "millrace tail orders --from oldest --no-follow --json",
      "millrace tail orders --format '{time} {key} {json.user.id}'",
      "millrace tail orders --from oldest | head -1",
    ],
  });
  addReadOptions(command, "now");
  command
    .option("--no-follow", "end when all records of now are printed")
    .option("-n, --limit <count>", "end after this many records", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option("-g, --grep <regex>", "only records whose data matches")
    .option("-i, --ignore-case", "--grep takes A for a")
    .option("-v, --invert", "only records whose data does not match --grep")
    .option("-k, --key <key>", "only records of this partition key; repeatable", collect)
    .option("--no-decode", "leave aggregated records and gzip as they are")
    .option(
      "-f, --format <format>",
      `${recordFormats.join(", ")}, or a template of ${templateFields.map((name) => `{${name}}`).join(" ")}`,
      "text",
    )
    .option("--json", "short for --format json");
  addConnectionOptions(command);
  return runConnected<TailOptions>(command, (connection, [stream = ""], options) => tail(connection, stream, options));
}

/** The options of commands that read a stream. */
export function addReadOptions(command: Command, from: string): Command {
  return command
    .option("--from <start>", `${startForms}`, from)
    .option("--until <time>", "end before the first record of this time or later; also an age, such as 5m")
    .option("--shard <id>", "only this shard, also as a number; repeatable", collect)
    .option(
      "--efo <consumer>",
      "read by SubscribeToShard, as this consumer; if it is absent, it is registered, and removed at the end",
    )
    .addOption(
      new Option("--poll <ms>", "pause between two reads of a shard without new records")
        .default(pollMsDefault)
        .argParser(wholeNumber(1, 60_000)),
    );
}

async function tail(connection: Connection, stream: string, options: TailOptions): Promise<number> {
  const format = recordFormat(options.json === true ? "json" : options.format);
  const isWanted = recordFilter(options);
  const end = endOf(options);
  const stop = new AbortController();
  const silence = end.kind !== "present" && process.stderr.isTTY ? startSilence(stream, options.from) : undefined;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const endWatch = watchReader();
  const onPage = async (_: unknown, page: ShardPage): Promise<void> => {
    const records = options.decode ? page.records.flatMap(decodeRecord) : page.records;
    const shown = records.filter(isWanted).slice(0, left);
    left -= shown.length;
    if (shown.length > 0) {
      clearTimeout(silence);
      await writeOut(shown.map(format).join(""));
    }
    if (left === 0) stop.abort();
  };
  try {
    await readStream(connection, stream, options, { end, onPage, signal: stop.signal });
  } finally {
    clearTimeout(silence);
  }
  endWatch();
  return exitCodes.done;
}

/** Tells a person that nothing is wrong when no record comes. */
function startSilence(stream: string, from: string): NodeJS.Timeout {
  const hint = from === "now" ? "; those before are shown with --from oldest" : "";
  return setTimeout(() => note(`waiting for records of ${stream}${hint}`), silenceMs).unref();
}

/** Reads by GetRecords, or by SubscribeToShard as a consumer. */
export async function readStream(
  { kinesis }: Connection,
  stream: string,
  options: ReadOptions,
  rest: Pick<FollowOptions, "end" | "onPage" | "signal" | "resumeAfter">,
): Promise<void> {
  const { shard, poll, efo } = options;
  const common = {
    ...rest,
    kinesis,
    stream,
    from: parseStart(options.from, "--from", Date.now()),
    shardIds: shard?.map(wholeShardId),
    onTrouble,
  };
  if (efo === undefined) {
    await followStream({ ...common, source: pollShards({ kinesis, stream, pollMs: poll, onTrouble }) });
  } else await withConsumer({ kinesis, stream, name: efo, onTrouble }, (source) => followStream({ ...common, source }));
}

/** `--until now` and `--no-follow` read what is there. */
export function endOf({ until, follow }: { readonly until?: string; readonly follow: boolean }): StreamEnd {
  if (!follow || until === "now") return { kind: "present" };
  if (until === undefined) return { kind: "never" };
  return { kind: "time", ms: parseTime(until, "--until", Date.now()) };
}

/** `3` is `shardId-000000000003`. */
export function wholeShardId(id: string): string {
  return /^\d+$/.test(id) ? `shardId-${id.padStart(12, "0")}` : id;
}

export const onTrouble: OnTrouble = (error) => {
  note(error === undefined ? "the server answers again" : `${describeFailure(error, undefined).text}; trying again`);
};
