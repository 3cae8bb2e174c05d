import { connectionCut } from "../../telemetry/diagnostic-events.ts";
import type { Connection } from "./connection.ts";
import type { ServerContext } from "./server-context.ts";

/**
 * Ends whatever outstayed its limit. Here rather than in a timer per connection: most connections never come near a
 * limit, and a timer each would cost more than looking at all of them now and then. node:http watches the headers and
 * the requests of HTTP/1.1 itself.
 */
export function enforceTimeouts(serving: ServerContext): void {
  const nowMs = serving.clock.monotonicMs();
  sweepBodies(serving, nowMs);
  for (const connection of serving.connections) sweepConnection(connection, { serving, nowMs });
}

function sweepBodies({ limits, room, isDraining }: ServerContext, nowMs: number): void {
  const idleMsMax = isDraining ? Math.min(limits.drainBodyIdleMsMax, limits.bodyIdleMsMax) : limits.bodyIdleMsMax;
  for (const body of room.arriving.all()) {
    if (body.takeGrowth() || body.isWaitingForBudget) body.progressMs = nowMs;
    const isIdle = nowMs - body.progressMs >= idleMsMax;
    if (!isIdle && nowMs - body.startedMs < limits.requestMsMax) continue;
    connectionCut.publish({ reason: isIdle ? "body_idle" : "request_timeout" });
    body.cut();
  }
}

function sweepConnection(
  connection: Connection,
  { serving, nowMs }: { readonly serving: ServerContext; readonly nowMs: number },
): void {
  const { limits } = serving;
  const ageMs = nowMs - connection.sinceMs;
  switch (connection.phase) {
    case "sniffing":
      if (ageMs >= limits.sniffMsMax) cut(connection, "sniff_timeout");
      return;
    case "handshaking":
      if (ageMs >= limits.tlsHandshakeMsMax) cut(connection, "handshake_timeout");
      return;
    case "http1":
      if (serving.isDraining) sweepDraining(connection, { limits, ageMs });
      else sweepKeptAlive(connection, { limits, nowMs });
      return;
    case "http2":
      sweepSession(connection, { serving, ageMs });
  }
}

/** Since when nothing comes is known to a sweep; the beginning of a next request is for node:http to watch. */
function sweepKeptAlive(
  connection: Connection,
  { limits, nowMs }: { readonly limits: ServerContext["limits"]; readonly nowMs: number },
): void {
  if (connection.takeGrowth()) connection.sinceMs = nowMs;
  if (connection.hasServed && connection.isIdle && nowMs - connection.sinceMs >= limits.keepAliveMs)
    connection.closeSoon();
}

function sweepSession(
  connection: Connection,
  { serving, ageMs }: { readonly serving: ServerContext; readonly ageMs: number },
): void {
  const { limits } = serving;
  if (connection.exchanges.size > 0) return;
  if (serving.isDraining || connection.isClosing) {
    sweepDraining(connection, { limits, ageMs });
    return;
  }
  const idleMsMax = connection.hasServed ? limits.keepAliveMs : Math.min(limits.headersMsMax, limits.keepAliveMs);
  if (ageMs < idleMsMax) return;
  connectionCut.publish({ reason: "session_idle" });
  connection.closeSoon();
}

/** All is answered: the client gets a moment to take the answer and to close; then it is closed for it. */
function sweepDraining(
  connection: Connection,
  { limits, ageMs }: { readonly limits: ServerContext["limits"]; readonly ageMs: number },
): void {
  if (connection.exchanges.size > 0) return;
  connection.closeSoon();
  const isFlushed = connection.carrier.writableLength === 0;
  if (isFlushed && ageMs >= limits.drainLingerMs) connection.socket.destroy();
}

function cut(connection: Connection, reason: string): void {
  connectionCut.publish({ reason });
  connection.socket.destroy();
}
