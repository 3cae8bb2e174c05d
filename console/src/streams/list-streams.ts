import { kinesis } from "../api/kinesis.ts";
import type { ListStreamsOutput, StreamSummary } from "../api/shapes.ts";

/** All streams of the caller, in the order of their names. `onPage` gets what is known so far. */
export async function listStreams(onPage: (streams: readonly StreamSummary[]) => void): Promise<void> {
  const streams: StreamSummary[] = [];
  for (let NextToken: string | undefined; ; ) {
    const page = await kinesis<ListStreamsOutput>("ListStreams", NextToken === undefined ? {} : { NextToken });
    streams.push(...page.StreamSummaries);
    onPage([...streams]);
    if (!page.HasMoreStreams || page.NextToken === undefined) return;
    NextToken = page.NextToken;
  }
}
