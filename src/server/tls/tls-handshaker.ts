import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { serverFault } from "../../telemetry/diagnostic-events.ts";
import { type CertificateAndKeyPem, tlsCiphers, tlsVersionMin } from "./certificate-and-key-pem.ts";

export interface TlsHandshakerOptions {
  readonly certificate: CertificateAndKeyPem | undefined;
  readonly dataDir: string | undefined;
  readonly handshakeMsMax: number;
  readonly nowMs: () => number;
}

/** `protocol` is the result of ALPN; undefined if the client offered none, so that its first bytes decide. */
type OnSecured = (secured: TLSSocket, protocol: "h2" | "http/1.1" | undefined) => void;

/**
 * Makes TLS sockets of accepted ones. Early data is not accepted, because it can be replayed. Loads its code and makes a
 * certificate only when the first client asks for TLS.
 */
export class TlsHandshaker {
  readonly #options: TlsHandshakerOptions;
  // tls.Server does not report the socket below a TLS socket, but both have the same two addresses and ports.
  readonly #waiting = new Map<string, OnSecured>();
  #certificate: CertificateAndKeyPem | undefined;
  #server: Promise<Server> | undefined;

  constructor(options: TlsHandshakerOptions) {
    this.#options = options;
    this.#certificate = options.certificate;
  }

  /** For later handshakes; open connections keep theirs. */
  useCertificate(certificate: CertificateAndKeyPem): void {
    this.#certificate = certificate;
    this.#server?.then(
      (server) => server.setSecureContext(contextOf(certificate)),
      // Making the server failed; the next one is made with this certificate.
      () => undefined,
    );
  }

  /** The socket is paused and its first bytes are still to be read. It is destroyed if the handshake fails. */
  shakeHands(socket: Socket, onSecured: OnSecured): void {
    this.#server ??= this.#makeServer();
    this.#server.then(
      (server) => {
        if (socket.destroyed) return;
        const addresses = addressesOf(socket);
        this.#waiting.set(addresses, onSecured);
        socket.on("close", () => this.#waiting.delete(addresses));
        server.emit("connection", socket);
      },
      (error: unknown) => {
        // Without a certificate no handshake is possible. The next client makes the server try again.
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
    const addresses = addressesOf(secured);
    const onSecured = this.#waiting.get(addresses);
    this.#waiting.delete(addresses);
    if (onSecured === undefined) secured.destroy();
    else onSecured(secured, agreedProtocol(secured));
  }
}

function agreedProtocol({ alpnProtocol }: TLSSocket): "h2" | "http/1.1" | undefined {
  return alpnProtocol === "h2" || alpnProtocol === "http/1.1" ? alpnProtocol : undefined;
}

/** All of it for each call: `setSecureContext` resets what is left out, also the oldest version and the ciphers. */
function contextOf({ cert, key }: CertificateAndKeyPem): SecureContextOptions {
  return { cert, key, minVersion: tlsVersionMin, ciphers: tlsCiphers };
}

function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

async function makeOwn(dataDir: string | undefined, nowMs: number): Promise<CertificateAndKeyPem> {
  // Loaded here: making certificates needs a library, and most servers make none.
  const { selfSignedCertificate } = await import("./self-signed-certificate.ts");
  return selfSignedCertificate({ dataDir, nowMs });
}
