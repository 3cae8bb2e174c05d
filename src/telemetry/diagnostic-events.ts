import { channel, type Channel as NodeChannel } from "node:diagnostics_channel";

/** A typed diagnostics channel. Without a subscriber `publish` costs next to nothing; building the message may not. */
export interface DiagnosticEvent<Message> {
  readonly name: string;
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
  /** Returns the way to unsubscribe. A subscriber must not throw: that would end the process, though not the publisher. */
  subscribe(onMessage: (message: Message) => void): () => void;
}

export interface RequestFinished {
  /** The operation's name, or `unknown` when the request did not get that far. */
  readonly operation: string;
  /** `ok`, or the type of the error answered. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Records accepted by a put, or handed out by a read. */
  readonly recordCount?: number;
}

export interface RequestFailed {
  readonly operation: string;
  /** What was thrown; the caller saw InternalFailure. */
  readonly error: unknown;
}

export interface GroupCommitted {
  /** From the first byte handed to the disk until all are durable. */
  readonly durationMs: number;
  readonly entryCount: number;
  readonly byteCount: number;
}

export interface RequestRefused {
  /** Why the sockets turned a request away before the pipeline saw it, e.g. `too_large`, `origin`. */
  readonly reason: string;
}

export interface ConnectionCut {
  /** Which limit ended a connection, e.g. `sniff_timeout`. */
  readonly reason: string;
}

export interface BackgroundTaskFailed {
  readonly streamName: string;
  /** The kind of work that is still to be done, e.g. `create`. */
  readonly intent: string;
  readonly error: unknown;
}

export interface MasterKeyMade {
  /** As callers name it, with account and region. */
  readonly name: string;
  /** The file that holds it, and whose loss would be that of all that is sealed under it. */
  readonly keyring: string;
}

export interface CredentialsReloaded {
  readonly path: string;
  /** In force from now on. */
  readonly credentialCount: number;
  /** Present when the file was refused, so that the earlier credentials stay. */
  readonly problems?: readonly string[];
}

export interface CredentialsExposed {
  readonly path: string;
  /** Permissions of the file, in octal digits. */
  readonly mode: string;
}

export interface CertificateReloaded {
  /** Of the certificate; its key lies in a file of its own. */
  readonly path: string;
  /** Present when the files were refused, so that the earlier certificate stays. */
  readonly error?: unknown;
}

export interface ServerFault {
  /** What was being done, for a log line: "an HTTP/1.1 exchange". */
  readonly where: string;
  readonly error: unknown;
}

// Everything the server tells about itself while it works. Metrics and logs subscribe; nothing waits for them.

export const requestFinished = typedChannel<RequestFinished>("millrace:request.finished");
export const requestFailed = typedChannel<RequestFailed>("millrace:request.failed");
export const requestRefused = typedChannel<RequestRefused>("millrace:request.refused");
export const connectionCut = typedChannel<ConnectionCut>("millrace:connection.cut");
export const groupCommitted = typedChannel<GroupCommitted>("millrace:group.committed");
export const backgroundTaskFailed = typedChannel<BackgroundTaskFailed>("millrace:upkeep.failed");
export const masterKeyMade = typedChannel<MasterKeyMade>("millrace:master.key.made");
export const credentialsReloaded = typedChannel<CredentialsReloaded>("millrace:credentials.reloaded");
export const credentialsExposed = typedChannel<CredentialsExposed>("millrace:credentials.exposed");
export const certificateReloaded = typedChannel<CertificateReloaded>("millrace:certificate.reloaded");
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
