import { kinesis } from "./kinesis.ts";

interface Page {
  readonly NextToken?: string;
}

/** The pages of an operation that lists things, one after the other. Errors: KinesisError. */
export async function* pagesOf<Output extends Page>(operation: string): AsyncGenerator<Output> {
  for (let NextToken: string | undefined; ; ) {
    const page = await kinesis<Output>(operation, NextToken === undefined ? {} : { NextToken });
    yield page;
    NextToken = page.NextToken;
    if (NextToken === undefined) return;
  }
}
