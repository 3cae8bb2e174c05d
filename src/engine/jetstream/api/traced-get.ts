import { type DirectGet, type DirectGetAnswer, directGet } from "./direct-get.ts";
import type { NatsReply, ServerConnection } from "./server-connection.ts";

/** The server sends what became of a request to the subject that this header names. */
const traceHeader = "Nats-Trace-Dest";
const traceMsMax = 1_000;
/** What the servers call a connection to another server of the cluster. */
const routeKind = 1;
const clientKind = 0;

export interface TracedAnswer extends DirectGetAnswer {
  /** The name of the server that answered; undefined: it could not be traced. */
  readonly server: string | undefined;
}

interface Trace {
  readonly server: { readonly name: string };
  readonly events: readonly { readonly type: string; readonly kind?: number; readonly name?: string }[];
}

/**
 * As `directGet()`, and tells which server answered. The servers choose one of the replicas by chance, also when the one that
 * the connection leads to has one. `traceSubject` must be free.
 */
export async function tracedGet(
  connection: ServerConnection,
  get: DirectGet,
  traceSubject: string,
): Promise<TracedAnswer> {
  const traced = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => traced.resolve(undefined), traceMsMax);
  const traces = connection.subscribe(traceSubject, (reply) => {
    const server = answeringServer(reply);
    if (server !== undefined) traced.resolve(server);
  });
  try {
    const answer = await directGet(connection, get, { [traceHeader]: traceSubject });
    return { ...answer, server: await traced.promise };
  } finally {
    clearTimeout(timer);
    traces[Symbol.dispose]();
  }
}

/** Only the server that received the request from the client knows where it went: to itself, or over a route. */
function answeringServer({ data }: NatsReply): string | undefined {
  const { server, events } = JSON.parse(Buffer.from(data).toString()) as Trace;
  if (!events.some(({ type, kind }) => type === "in" && kind === clientKind)) return undefined;
  return events.find(({ type, kind }) => type === "eg" && kind === routeKind)?.name ?? server.name;
}
