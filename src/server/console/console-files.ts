import { createHash } from "node:crypto";
import { programFilesIn, readProgramFile } from "../../platform/program-files.ts";
import type { WireRequest, WireResponse } from "../http/http-message.ts";

/**
 * Nothing inline, nothing of other origins, no frame around the page. With Trusted Types a text can become neither markup
 * nor a script's address, but for the one policy that starts the page's own worker.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types millrace-worker",
].join("; ");

const securityHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": contentSecurityPolicy,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
};

const contentTypes: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** By content coding; the build has written the compressed forms. */
interface ConsoleFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly plain: Uint8Array;
  readonly br?: Uint8Array;
  readonly gzip?: Uint8Array;
}

const folder = "console/dist/";
const notBuilt = "The console is not part of this installation: its files are not built (npm run build).\n";

/** The files of the page, read at the first request and kept in memory: less than 400 KiB. */
export class ConsoleFiles {
  #files: ReadonlyMap<string, ConsoleFile> | undefined;

  /** `path` begins with `/console`. */
  response(path: string, { method, headers }: Pick<WireRequest, "method" | "headers">): WireResponse {
    if (method !== "GET" && method !== "HEAD") return text(405, "This path supports GET and HEAD.\n");
    // Relative addresses in the page need the slash.
    if (path === "/console") return { status: 308, headers: { ...securityHeaders, Location: "/console/" }, body: "" };
    this.#files ??= readFiles();
    const name = path.slice("/console/".length);
    const file = this.#files.get(name === "" ? "index.html" : name);
    if (file === undefined) return text(404, this.#files.size === 0 ? notBuilt : "The console has no such file.\n");
    if (headers["if-none-match"] === file.etag) return { status: 304, headers: file.headers, body: "" };
    const accepted = String(headers["accept-encoding"] ?? "");
    if (file.br !== undefined && /\bbr\b/.test(accepted)) return encoded(file, "br", file.br);
    if (file.gzip !== undefined && /\bgzip\b/.test(accepted)) return encoded(file, "gzip", file.gzip);
    return { status: 200, headers: file.headers, body: file.plain };
  }
}

function encoded(file: ConsoleFile, coding: string, body: Uint8Array): WireResponse {
  return { status: 200, headers: { ...file.headers, "Content-Encoding": coding }, body };
}

function text(status: number, body: string): WireResponse {
  return { status, headers: { ...securityHeaders, "Content-Type": "text/plain; charset=utf-8" }, body };
}

/** Empty when the console is not built. */
function readFiles(): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  const names = programFilesIn(folder);
  const bytesOf = (name: string): Uint8Array | undefined =>
    names.includes(name) ? readProgramFile(`${folder}${name}`) : undefined;
  for (const name of names) {
    const contentType = contentTypes[/\.(\w+)$/.exec(name)?.[1] ?? ""];
    const plain = bytesOf(name);
    if (contentType === undefined || plain === undefined) continue;
    const [br, gzip] = [bytesOf(`${name}.br`), bytesOf(`${name}.gz`)];
    const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
    // A name with a hash in it never changes its contents.
    const cacheControl = name === "index.html" ? "no-cache" : "public, max-age=31536000, immutable";
    const headers = {
      ...securityHeaders,
      "Content-Type": contentType,
      "Cache-Control": cacheControl,
      ETag: etag,
      Vary: "Accept-Encoding",
    };
    files.set(name, { headers, etag, plain, ...(br && { br }), ...(gzip && { gzip }) });
  }
  return files;
}
