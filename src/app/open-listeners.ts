import { createServer } from "node:net";
import { drainMsMax, openFileCountMax } from "../config/process-limits.ts";
import { bindPorts } from "../server/http/bind-ports.ts";
import { type Listening, listen } from "../server/http/listen.ts";
import { adminServerLimits, connectionCountMaxFor } from "../server/http/server-limits.ts";
import { type Endpoints, portBodyAdmitter, portHandler } from "../server/pipeline/port-handler.ts";
import { CertificateReloader } from "../server/tls/certificate-reloader.ts";
import type { Clock } from "../time/clock.ts";
import type { ListenerPlan, ListenerPlans } from "./plan-listeners.ts";

export interface OpenListenersOptions {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  /** Gets what closes each listener, in the order of opening. */
  readonly closing: AsyncDisposableStack;
}

/** Throws `StartError` unless the planned ports can be opened: binds all of them, and closes them again. */
export async function checkPorts({ main, admin }: ListenerPlans): Promise<void> {
  await using closing = new AsyncDisposableStack();
  for (const plan of admin === undefined ? [main] : [main, admin]) {
    // A client that connects now is early: it is refused, as before.
    const makeServer = () => createServer((socket) => socket.destroy());
    const { servers } = await bindPorts(makeServer, plan);
    for (const server of servers) closing.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
  }
}

/** Opens the planned ports and returns the main one. Throws `StartError`; the ports open by then are in `closing`. */
export async function openListeners(plans: ListenerPlans, options: OpenListenersOptions): Promise<Listening> {
  const main = await open(plans.main, options);
  if (plans.admin !== undefined) await open(plans.admin, options);
  return main;
}

async function open(plan: ListenerPlan, { endpoints, clock, closing }: OpenListenersOptions): Promise<Listening> {
  const { hosts, port, alsoPorts, rules, tls, certificateDirectory } = plan;
  const listening = await listen({
    hosts,
    port,
    alsoPorts,
    clock,
    handler: portHandler(rules, endpoints),
    admitBody: portBodyAdmitter(rules, endpoints),
    tls: tls === undefined ? undefined : { cert: tls.certificatePem, key: tls.keyPem },
    dataDir: certificateDirectory,
    limits: rules.servesApi
      ? { connectionCountMax: connectionCountMaxFor(openFileCountMax() ?? Number.POSITIVE_INFINITY) }
      : adminServerLimits,
  });
  closing.defer(() => listening.close({ graceMs: drainMsMax }));
  if (tls !== undefined) {
    const files = new CertificateReloader(tls, clock, (certificate) => listening.useCertificate(certificate));
    closing.defer(() => files.close());
  }
  return listening;
}
