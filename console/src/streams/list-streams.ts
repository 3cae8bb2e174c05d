import { type StreamReport, server, streamReports } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import type { ListStreamsOutput } from "../api/shapes.ts";

/**
 * All streams of the caller, by name. Where signatures are verified these are the ones that the caller may list; what the
 * server tells of them asks for no signature. Errors: KinesisError.
 */
export async function listStreams(): Promise<readonly StreamReport[]> {
  if (server.value?.verifiesSignatures !== true) return await streamReports();
  const [reports, names] = await Promise.all([streamReports(), listNames()]);
  return reports.filter(({ name }) => names.has(name));
}

async function listNames(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let NextToken: string | undefined; ; ) {
    const page = await kinesis<ListStreamsOutput>("ListStreams", NextToken === undefined ? {} : { NextToken });
    for (const name of page.StreamNames) names.add(name);
    if (!page.HasMoreStreams || page.NextToken === undefined) return names;
    NextToken = page.NextToken;
  }
}
