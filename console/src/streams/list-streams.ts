import { type StreamReport, server, streamReports } from "../api/console-data.ts";
import { listAll } from "../api/list-all.ts";

/**
 * All streams of the caller, by name. Where signatures are verified these are the ones that the caller may list; what the
 * server tells of them asks for no signature. Errors: KinesisError.
 */
export async function listStreams(): Promise<readonly StreamReport[]> {
  if (server.value?.verifiesSignatures !== true) return await streamReports();
  const [reports, names] = await Promise.all([streamReports(), listAll<string>("ListStreams", "StreamNames")]);
  const listed = new Set(names);
  return reports.filter(({ name }) => listed.has(name));
}
