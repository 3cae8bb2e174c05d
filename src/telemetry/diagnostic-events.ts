import { channel, type Channel as NodeChannel } from "node:diagnostics_channel";

/** A typed channel of node:diagnostics_channel. Without a subscriber `publish` does nothing. */
export interface DiagnosticEvent<Message> {
  readonly name: string;
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
  /** Returns a function that unsubscribes. A subscriber must not throw, which would end the process. */
  subscribe(onMessage: (message: Message) => void): () => void;
}

export interface RequestFinished {
  /** The operation's name; `-` for a request that was refused before its operation was known. */
  readonly operation: string;
  /** `ok`, or the type of the error in the response. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Records stored by a put, or returned by a read. */
  readonly recordCount?: number;
  /** The request's header, as it was sent. */
  readonly traceparent?: unknown;
}

export interface RequestFailed {
  readonly operation: string;
  /** The request's header, as it was sent. */
  readonly traceparent?: unknown;
  /** What was thrown; the client got InternalFailure. */
  readonly error: unknown;
}

export interface GroupCommitted {
  /** From the first byte written to the disk until all are durable. */
  readonly durationMs: number;
  readonly entryCount: number;
  readonly byteCount: number;
}

export interface AppendsRefused {
  readonly cause: "disk_budget" | "disk_space";
  /** What it means and what to do. */
  readonly sentence: string;
  /** Writes refused so far. */
  readonly refusedCount: number;
  /** Bytes on the disk, the largest first. */
  readonly largestStreams: readonly { readonly streamId: string; readonly bytes: number }[];
}

export interface AppendsResumed {
  readonly cause: "disk_budget" | "disk_space";
  readonly refusedCount: number;
}

export interface WalStopped {
  /** The first failed write. */
  readonly error: unknown;
}

export interface RequestRefused {
  /** Why a request was refused before the API, e.g. `too_large`, `origin`. */
  readonly reason: string;
}

export interface ConnectionCut {
  /** The limit that closed a connection, e.g. `detect_timeout`. */
  readonly reason: string;
}

export interface ConnectionsEvicted {
  /** The address of the peer that had most, or its network of IPv6. */
  readonly peer: string;
  /** Connections closed to make room for others, since the last such event. */
  readonly count: number;
}

export interface ConnectionsRefused {
  /** Connections that may be open at the same time. */
  readonly limit: number;
  /** Connections closed at once because of it, since the last such event. */
  readonly count: number;
}

export interface BackgroundTaskFailed {
  readonly streamName: string;
  /** The intent that is not yet carried out, e.g. `create`. */
  readonly intent: string;
  readonly error: unknown;
}

export interface StreamScaled {
  readonly streamName: string;
  /** Open shards before and after. */
  readonly from: number;
  readonly to: number;
}

export interface HotShardFound {
  readonly streamName: string;
  /** The hottest of the stream's hot shards, with what it stored each second of the last minute. */
  readonly shardId: string;
  readonly bytesPerSecond: number;
  readonly recordsPerSecond: number;
  readonly hotCount: number;
}

export interface MasterKeyMade {
  /** The key id of the API, with account and region. */
  readonly name: string;
  /** The file that contains it; data encrypted under it is lost with the file. */
  readonly keyring: string;
}

export interface CredentialsReloaded {
  readonly path: string;
  /** In force from now on. */
  readonly credentialCount: number;
  /** Present when the file was refused; the credentials loaded before stay in force. */
  readonly problems?: readonly string[];
}

export interface CredentialsExposed {
  readonly path: string;
  /** Permissions of the file, in octal digits. */
  readonly mode: string;
}

export interface CertificateReloaded {
  /** Path of the certificate; its key is in another file. */
  readonly path: string;
  /** Present when the files were refused; the certificate loaded before stays in use. */
  readonly error?: unknown;
}

export interface DirectoryLockLost {
  /** Path of the data directory; the server stores nothing any more. */
  readonly directory: string;
}

export interface MetricsExported {
  /** The collector's address, as it may be shown. */
  readonly endpoint: string;
  /** Why the collector has not got them; absent where it has. */
  readonly reason?: string;
  /** Whether the export before came to the other result; the first one counts as following one that succeeded. */
  readonly isChange: boolean;
}

export interface ServerFault {
  /** The failed activity, for a log line: "an HTTP/1.1 exchange". */
  readonly where: string;
  readonly error: unknown;
}

// All events of a running server. Metrics and the log subscribe; no publisher waits for them.

export const requestFinished = typedChannel<RequestFinished>("millrace:request.finished");
export const requestFailed = typedChannel<RequestFailed>("millrace:request.failed");
export const requestRefused = typedChannel<RequestRefused>("millrace:request.refused");
export const connectionCut = typedChannel<ConnectionCut>("millrace:connection.cut");
export const connectionsEvicted = typedChannel<ConnectionsEvicted>("millrace:connections.evicted");
export const connectionsRefused = typedChannel<ConnectionsRefused>("millrace:connections.refused");
export const groupCommitted = typedChannel<GroupCommitted>("millrace:group.committed");
export const appendsRefused = typedChannel<AppendsRefused>("millrace:appends.refused");
export const appendsResumed = typedChannel<AppendsResumed>("millrace:appends.resumed");
export const walStopped = typedChannel<WalStopped>("millrace:wal.stopped");
export const backgroundTaskFailed = typedChannel<BackgroundTaskFailed>("millrace:background.failed");
export const streamScaled = typedChannel<StreamScaled>("millrace:stream.scaled");
export const hotShardFound = typedChannel<HotShardFound>("millrace:shard.hot");
export const masterKeyMade = typedChannel<MasterKeyMade>("millrace:master.key.made");
export const credentialsReloaded = typedChannel<CredentialsReloaded>("millrace:credentials.reloaded");
export const credentialsExposed = typedChannel<CredentialsExposed>("millrace:credentials.exposed");
export const certificateReloaded = typedChannel<CertificateReloaded>("millrace:certificate.reloaded");
export const directoryLockLost = typedChannel<DirectoryLockLost>("millrace:directory.lock.lost");
export const metricsExported = typedChannel<MetricsExported>("millrace:metrics.exported");
export const serverFault = typedChannel<ServerFault>("millrace:server.fault");

function typedChannel<Message>(name: string): DiagnosticEvent<Message> {
  const node: NodeChannel = channel(name);
  return {
    name,
    get hasSubscribers() {
      return node.hasSubscribers;
    },
    publish(message) {
      if (node.hasSubscribers) node.publish(message);
    },
    subscribe(onMessage) {
      const listener = (message: unknown): void => onMessage(message as Message);
      node.subscribe(listener);
      return () => node.unsubscribe(listener);
    },
  };
}
