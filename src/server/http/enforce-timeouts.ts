import { connectionCut } from "../../telemetry/diagnostic-events.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { BodyReader } from "./read-body.ts";
import type { ServerContext } from "./server-context.ts";

/**
 * Ends each body, handshake and connection that is over its time limit. Runs every `timeoutCheckMs` over all connections,
 * which costs less than a timer for each. node:http enforces its own limits for the headers and requests of HTTP/1.1.
 */
export function enforceTimeouts(context: ServerContext): void {
  const nowMs = context.clock.monotonicMs();
  // The event loop was held up: meanwhile it has seen nothing of what clients sent and read.
  const lateMs = Math.max(0, nowMs - context.checkedMs - context.limits.timeoutCheckMs);
  context.checkedMs = nowMs;
  enforceBodyTimeouts(context, nowMs);
  cutSlowBodies(context, nowMs, lateMs);
  for (const connection of context.connections) {
    enforceConnectionTimeout(connection, { context, nowMs });
    connection.fastPath?.enforceTimeouts(nowMs);
    connection.countIncompleteHead();
  }
  cutSlowReaders(context, nowMs, lateMs);
  context.connectionBudget.enforce();
}

function enforceBodyTimeouts({ limits, bodies, isDraining }: ServerContext, nowMs: number): void {
  const idleMsMax = isDraining ? Math.min(limits.drainBodyIdleMsMax, limits.bodyIdleMsMax) : limits.bodyIdleMsMax;
  for (const body of bodies.receiving.all()) {
    if (body.takeProgress() || body.isWaitingForBudget) body.progressMs = nowMs;
    const isIdle = nowMs - body.progressMs >= idleMsMax;
    if (!isIdle && nowMs - body.startedMs < limits.requestMsMax) continue;
    connectionCut.publish({ reason: isIdle ? "body_idle" : "request_timeout" });
    body.cut();
  }
}

/**
 * While bodies wait for memory, cuts those that are too slow, the slowest first, until none waits.
 * @param lateMs time since the last check that does not count
 */
function cutSlowBodies({ limits, bodies }: ServerContext, nowMs: number, lateMs: number): void {
  const slow: (readonly [bytesPerSecond: number, body: BodyReader])[] = [];
  for (const body of bodies.receiving.all()) {
    const rate = body.takeRate(nowMs, { windowMs: limits.bodyRateWindowMs, lateMs });
    if (rate !== undefined && rate < limits.contendedBodyBytesPerSecondMin) slow.push([rate, body]);
  }
  if (bodies.budget.waitingCount === 0) return;
  for (const [, body] of slow.toSorted(([one], [other]) => one - other)) {
    if (bodies.budget.waitingCount === 0) return;
    connectionCut.publish({ reason: "body_slow" });
    body.cut();
  }
}

function enforceConnectionTimeout(
  connection: ConnectionState,
  { context, nowMs }: { readonly context: ServerContext; readonly nowMs: number },
): void {
  const { limits } = context;
  const ageMs = nowMs - connection.sinceMs;
  switch (connection.phase) {
    case "detecting":
      if (ageMs >= limits.detectMsMax) cut(connection, "detect_timeout");
      return;
    case "handshaking":
      if (ageMs >= limits.tlsHandshakeMsMax) cut(connection, "handshake_timeout");
      return;
    case "http1":
      if (context.isDraining) enforceDrainLinger(connection, { limits, ageMs });
      else enforceKeepAlive(connection, { limits, nowMs });
      return;
    case "http2":
      enforceSessionTimeout(connection, { context, ageMs });
  }
}

/** Time without bytes is measured between two checks; node:http limits how long a next request may take to begin. */
function enforceKeepAlive(
  connection: ConnectionState,
  { limits, nowMs }: { readonly limits: ServerContext["limits"]; readonly nowMs: number },
): void {
  if (connection.takeProgress()) connection.sinceMs = nowMs;
  if (connection.hasServed && connection.isIdle && nowMs - connection.sinceMs >= limits.keepAliveMs)
    connection.closeSoon();
}

function enforceSessionTimeout(
  connection: ConnectionState,
  { context, ageMs }: { readonly context: ServerContext; readonly ageMs: number },
): void {
  const { limits } = context;
  if (connection.exchanges.size > 0) return;
  if (context.isDraining || connection.isClosing) {
    enforceDrainLinger(connection, { limits, ageMs });
    return;
  }
  const idleMsMax = connection.hasServed ? limits.keepAliveMs : Math.min(limits.headersMsMax, limits.keepAliveMs);
  if (ageMs < idleMsMax) return;
  connectionCut.publish({ reason: "session_idle" });
  connection.closeSoon();
}

/** With no exchange open the client gets `drainLingerMs` to read the last response and to close. */
function enforceDrainLinger(
  connection: ConnectionState,
  { limits, ageMs }: { readonly limits: ServerContext["limits"]; readonly ageMs: number },
): void {
  if (connection.exchanges.size > 0) return;
  connection.closeSoon();
  const isFlushed = connection.transport.writableLength === 0;
  if (isFlushed && ageMs >= limits.drainLingerMs) connection.socket.destroy();
}

/**
 * While memory for responses is short, cuts the clients that are below the minimum rate, the latest first, until none waits.
 * @param lateMs time since the last check that does not count
 */
function cutSlowReaders({ limits, responses, connections }: ServerContext, nowMs: number, lateMs: number): void {
  const { unsentMsMax, unsentBytesPerSecondMin } = limits;
  const slow: (readonly [overMs: number, connection: ConnectionState])[] = [];
  for (const connection of connections) {
    for (const exchange of connection.exchanges.all()) {
      if (exchange.unsentBytes === 0) continue;
      exchange.unsentSinceMs = (exchange.unsentSinceMs ?? nowMs - lateMs) + lateMs;
      const msMax = unsentMsMax + (exchange.unsentBytes * 1000) / unsentBytesPerSecondMin;
      const overMs = nowMs - exchange.unsentSinceMs - msMax;
      if (overMs >= 0) slow.push([overMs, connection]);
    }
  }
  if (!responses.takeShortage()) return;
  for (const [, connection] of slow.toSorted(([one], [other]) => other - one)) {
    cut(connection, "response_slow");
    // What they held is free at once, and others may be granted it.
    connection.abortExchanges();
    if (!responses.isShort) return;
  }
}

function cut(connection: ConnectionState, reason: string): void {
  connectionCut.publish({ reason });
  connection.socket.destroy();
}
