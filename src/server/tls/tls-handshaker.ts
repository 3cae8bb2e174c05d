import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { serverFault } from "../../telemetry/diagnostic-events.ts";
import { type Certificate, protocolVersionMin } from "./tls-certificate.ts";

export interface TlsHandshakerOptions {
  readonly certificate: Certificate | undefined;
  readonly dataDir: string | undefined;
  readonly handshakeMsMax: number;
  readonly nowMs: () => number;
}

/** `protocol` is what ALPN agreed on; undefined where the client offered nothing and its first bytes must tell. */
type OnSecured = (secured: TLSSocket, protocol: "h2" | "http/1.1" | undefined) => void;

/**
 * Turns raw sockets into TLS ones; early data (which could be replayed) is not accepted. Nothing is loaded or made
 * before the first client asks for TLS.
 */
export class TlsHandshaker {
  readonly #options: TlsHandshakerOptions;
  // tls.Server does not say which raw socket its secured one stands on, but both have the same two ends.
  readonly #waiting = new Map<string, OnSecured>();
  #certificate: Certificate | undefined;
  #server: Promise<Server> | undefined;

  constructor(options: TlsHandshakerOptions) {
    this.#options = options;
    this.#certificate = options.certificate;
  }

  /** Connections that are open keep theirs. */
  useCertificate(certificate: Certificate): void {
    this.#certificate = certificate;
    this.#server?.then(
      (server) => server.setSecureContext(contextOf(certificate)),
      // There is no server yet; the next one is made with it.
      () => undefined,
    );
  }

  /** The socket is paused and its first bytes are still to be read. It is destroyed if the handshake fails. */
  shakeHands(socket: Socket, onSecured: OnSecured): void {
    this.#server ??= this.#makeServer();
    this.#server.then(
      (server) => {
        if (socket.destroyed) return;
        const ends = endsOf(socket);
        this.#waiting.set(ends, onSecured);
        socket.on("close", () => this.#waiting.delete(ends));
        server.emit("connection", socket);
      },
      (error: unknown) => {
        // Without a certificate nobody can be answered; the next client may find the disk well again.
        this.#server = undefined;
        serverFault.publish({ where: "making a TLS certificate", error });
        socket.destroy();
      },
    );
  }

  async #makeServer(): Promise<Server> {
    const { dataDir, handshakeMsMax, nowMs } = this.#options;
    const certificate = this.#certificate ?? (await makeOwn(dataDir, nowMs()));
    const server = createServer({
      ...contextOf(certificate),
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: handshakeMsMax,
    });
    server.on("secureConnection", (secured) => this.#secured(secured));
    server.on("tlsClientError", (_error, secured) => secured.destroy());
    return server;
  }

  #secured(secured: TLSSocket): void {
    secured.on("error", () => undefined);
    const ends = endsOf(secured);
    const onSecured = this.#waiting.get(ends);
    this.#waiting.delete(ends);
    if (onSecured === undefined) secured.destroy();
    else onSecured(secured, agreedProtocol(secured));
  }
}

function agreedProtocol({ alpnProtocol }: TLSSocket): "h2" | "http/1.1" | undefined {
  return alpnProtocol === "h2" || alpnProtocol === "http/1.1" ? alpnProtocol : undefined;
}

/** `setSecureContext` forgets what it is not told again, the oldest version included. */
function contextOf({ cert, key }: Certificate): SecureContextOptions {
  return { cert, key, minVersion: protocolVersionMin };
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

async function makeOwn(dataDir: string | undefined, nowMs: number): Promise<Certificate> {
  // Loaded here: writing certificates takes a library, and most servers are never asked for one.
  const { selfSignedCertificate } = await import("./self-signed-certificate.ts");
  return selfSignedCertificate({ dataDir, nowMs });
}
