/** What a client is given of the server that it walks. */
export interface WalkedServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
}

/** A server that is walked in place of new ones, such as gateways behind a balancer; it has the limits that walks need. */
const givenEndpoint = process.env["MILLRACE_WALKED_ENDPOINT"];

/** The server that is given, or a new one. */
export async function walkedServer(start: () => Promise<WalkedServer>): Promise<WalkedServer> {
  if (givenEndpoint === undefined) return await start();
  return {
    endpoint: givenEndpoint,
    port: Number(new URL(givenEndpoint).port),
    [Symbol.asyncDispose]: async () => {},
  };
}
