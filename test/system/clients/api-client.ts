/** What the walk through the operations asks of a client: any operation by its name, and the client's own conveniences. */

/** Members as the service names them. Blobs are text, times are ISO strings on the way in. */
export type Members = Readonly<Record<string, unknown>>;

export type Outcome =
  | { readonly kind: "answered"; readonly output: Members }
  | { readonly kind: "refused"; readonly type: string; readonly message: string }
  /** The client is too old: it does not know the operation or one of the members. */
  | { readonly kind: "unknown" };

export interface ApiClient {
  readonly name: string;
  /** Those that the client can call. */
  readonly operations: ReadonlySet<string>;
  /** One call, without retries. */
  call(operation: string, input: Members): Promise<Outcome>;
  /** All pages of at most `pageSize`, by the client's own paginator; undefined when it has none for the operation. */
  pages(operation: string, input: Members, pageSize: number): Promise<readonly Members[] | undefined>;
  /** The client's own waiter; resolves when the stream is there, or gone. */
  wait(waiter: "StreamExists" | "StreamNotExists", streamName: string): Promise<void>;
  /** The data of the first records of a subscription, which is then left. */
  subscribe?(input: Members, recordCount: number): Promise<readonly string[]>;
  close(): Promise<void>;
}
