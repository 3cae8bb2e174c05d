import { kinesis } from "./kinesis.ts";

interface Page {
  readonly NextToken?: string;
}

interface Wanted {
  /** Members of the input of the first page alone: the token stands for them afterwards. */
  readonly of?: object;
  readonly MaxResults?: number;
}

/** What all pages of an operation that lists things have in a member, in order. Errors: KinesisError. */
export async function listAll<Item>(
  operation: string,
  member: string,
  { of = {}, ...size }: Wanted = {},
): Promise<readonly Item[]> {
  const pages: (readonly Item[])[] = [];
  for (let NextToken: string | undefined; ; ) {
    const page = await kinesis<Page>(operation, { ...(NextToken === undefined ? of : { NextToken }), ...size });
    pages.push((page as Readonly<Record<string, readonly Item[]>>)[member] ?? []);
    NextToken = page.NextToken;
    if (NextToken === undefined) return pages.flat();
  }
}
