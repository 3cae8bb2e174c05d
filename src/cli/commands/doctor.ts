import type { Command } from "commander";
import type { ConnectionOptions } from "../client/connection.ts";
import { checkDataDirectory } from "../doctor/check-data-directory.ts";
import { checkMachine } from "../doctor/check-machine.ts";
import { checkServer } from "../doctor/check-server.ts";
import { printFindings } from "../doctor/print-findings.ts";
import { formatOf, type OutputOptions } from "../output/print-rows.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, run } from "./define-command.ts";

interface DoctorOptions extends ConnectionOptions, OutputOptions {
  readonly dataDir?: string;
  readonly keyring?: string;
  readonly keyringCopy?: string;
}

export function doctorCommand(): Command {
  const command = defineCommand({
    name: "doctor",
    summary: "look for what is wrong or soon will be, and say what to do",
    description:
      "Checks the server (address, TLS, clock, health, durability, credentials), with --data-dir its disk and keyring, " +
      "and the limits of this machine. Changes nothing. Exit code 1 if a check fails.",
    examples: [
      "millrace doctor",
      "millrace doctor --data-dir ./millrace-data --keyring-copy /safe/keyring",
      "millrace doctor --endpoint aws --region eu-west-1 --json",
    ],
  })
    .option("--data-dir <directory>", "also check the disk and the keyring of this data directory")
    .option("--keyring <file>", "the keyring (the data directory's name + .keyring)")
    .option("--keyring-copy <file>", "compare the keyring with its backup");
  addConnectionOptions(addFormatOptions(command));
  return run<DoctorOptions>(command, async (_, options) => {
    const format = formatOf(options);
    const { dataDir } = options;
    const findings = [
      ...(await checkServer(options, { ...process.env })),
      ...(dataDir === undefined ? [] : checkDataDirectory({ ...options, dataDir })),
      ...checkMachine(),
    ];
    return await printFindings(findings, format);
  });
}
