import type { Command } from "commander";
import { openClusterView } from "../../app/cluster-tools.ts";
import { checkCluster } from "../doctor/check-cluster.ts";
import { printFindings } from "../doctor/print-findings.ts";
import { formatOf, type OutputOptions } from "../output/print-rows.ts";
import { note } from "../output/progress.ts";
import { addFormatOptions, defineCommand, run } from "./define-command.ts";
import { addNatsOptions, type NatsOptions, readNatsOptions } from "./nats-options.ts";

interface CheckClusterCommandOptions extends OutputOptions, NatsOptions {
  readonly scrub?: boolean;
}

export function checkClusterCommand(): Command {
  const command = defineCommand({
    name: "check-cluster",
    summary: "say what is wrong with a running cluster, and what to do",
    description:
      "Checks the NATS servers of a cluster, also while gateways run: versions, replicas, syncing, clocks, log groups, " +
      "documents, shards, retention, gateways. Changes nothing. Exit codes: 0 done, 1 a check fails, 2 not possible, 3 internal error.",
    examples: [
      "millrace check-cluster --nats nats://nats-1:4222 --nats-creds gateway.creds",
      "millrace check-cluster --scrub --json",
    ],
  }).option("--scrub", "also read every message of every replica, and compare them");
  addNatsOptions(addFormatOptions(command), ["allow-degraded"]);
  return run<CheckClusterCommandOptions>(command, async (_, options) => {
    const format = formatOf(options);
    const nats = readNatsOptions(options, { ...process.env });
    const view = await openClusterView(nats);
    try {
      const findings = await checkCluster(view, {
        assumesFsync: nats.assumesFsync,
        scrubs: options.scrub === true,
        onScrub: (name) => note(`reads ${name}`),
      });
      return await printFindings(findings, format);
    } finally {
      await view.close();
    }
  });
}
