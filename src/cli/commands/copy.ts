import { resolve } from "node:path";
import type { Command } from "commander";
import type { CopyCounts, CopyPlace } from "../../app/copy-data.ts";
import type { Environment } from "../../config/config-sources.ts";
import type { FlagName } from "../../config/flags.ts";
import { exitCodes } from "../output/command-error.ts";
import { formatOf, type OutputOptions, printObject } from "../output/print-rows.ts";
import { startProgress } from "../output/progress.ts";
import { addFlagOptions, addFormatOptions, defineCommand, run } from "./define-command.ts";
import {
  addNatsOptions,
  helpWithVariable,
  type NatsOptions,
  readFlagOptions,
  readNatsOptions,
} from "./nats-options.ts";

const keyFlags: readonly FlagName[] = [
  "encrypt-at-rest",
  "encrypt-at-rest-key",
  "key-provider",
  "keyring",
  "kms-endpoint",
  "kms-region",
];
const mebibyte = 1024 * 1024;

export function copyCommand(): Command {
  const command = defineCommand({
    name: "copy <from> <to>",
    summary: "copy all streams from a data directory to a cluster, back, or to another cluster",
    description:
      "Copies all streams with their records, from a data directory that no server has open or a cluster without gateways, " +
      "to one that is empty. Sequence numbers, arrival times, lineage, tags, policies, consumers, queues and encryption " +
      "stay. May be interrupted and run again. The keyring is not copied: give it to the new server. Exit codes: 0 done, 2 not " +
      "possible, 3 internal error.",
    arguments: {
      from: "a data directory, or the address of a NATS server, nats://…",
      to: "another such directory or cluster, absent or empty",
    },
    examples: [
      "millrace copy ./millrace-data nats://nats-1:4222 --nats-creds gateway.creds",
      "millrace copy nats://gateway:secret@nats-1:4222 ./millrace-data --assume-fsync",
    ],
  });
  addFormatOptions(command).optionsGroup("Encrypted data directory:");
  addFlagOptions(command, (name) => keyFlags.includes(name), helpWithVariable);
  addNatsOptions(command, ["nats"]);
  return run<NatsOptions & OutputOptions>(command, async ([from = "", to = ""], options) => {
    const format = formatOf(options);
    const environment: Environment = { ...process.env };
    const places = [placeOf(from, options, environment), placeOf(to, options, environment)] as const;
    const counts: CopyCounts = { streams: 0, shards: 0, queues: 0, documents: 0, records: 0, bytes: 0 };
    const progress = startProgress((seconds) => {
      const { records, bytes } = counts;
      return `${records} records copied, ${(bytes / mebibyte).toFixed(1)} MiB, ${seconds.toFixed(0)} s`;
    });
    const { copyData } = await import("../../app/copy-data.ts");
    try {
      await copyData(places[0], places[1], counts, () => progress.update());
    } finally {
      progress.end();
    }
    await printObject({ ...counts }, format);
    return exitCodes.done;
  });
}

function placeOf(text: string, options: NatsOptions, environment: Environment): CopyPlace {
  if (/^(nats|tls):\/\//.test(text)) {
    return { kind: "cluster", nats: readNatsOptions({ ...options, nats: [text] }, environment) };
  }
  const path = resolve(text);
  const encryption = readFlagOptions(options, environment, { flags: keyFlags, settings: { "data-dir": path } });
  return { kind: "directory", path, encryption };
}
