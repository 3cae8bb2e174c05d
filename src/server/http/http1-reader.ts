import type { Socket } from "node:net";
import { freeBuffer } from "../../platform/free-buffer.ts";
import { isPausedByParser, takeParser } from "../../platform/http-module.ts";
import type { HeadBudget } from "./budgets/head-budget.ts";
import type { ConnectionState } from "./connection-state.ts";

const isLineEnd: ReadonlySet<number> = new Set(Buffer.from("\r\n", "latin1"));
const headEnd = Buffer.from("\r\n\r\n", "latin1");
/** What a paused socket still reads. */
const readBytes = 64 * 1024;

/**
 * Gives what comes over one connection of HTTP/1.1 to the parser of node:http, one head at a time. By itself node:http parses
 * all that has come: thousands of requests of one client in one tick, also those behind a request that has to wait or is the
 * last.
 */
export class Http1Reader {
  readonly #socket: Socket;
  readonly #connection: ConnectionState;
  readonly #heads: HeadBudget;
  readonly #parse: (bytes: Buffer) => void;
  /** The tick in which a head was last parsed. */
  #tickNumber = -1;
  #isWaiting = false;
  /** Whether a head begins with the next byte; false where that is not known. */
  #isAtHead = true;
  /** Bytes of a body that follow. */
  #bodyBytes = 0;

  /** Takes the socket from node:http, which has begun to serve it. */
  constructor(socket: Socket, connection: ConnectionState, heads: HeadBudget) {
    this.#socket = socket;
    this.#connection = connection;
    this.#heads = heads;
    this.#parse = takeParser(socket);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    // A pause has several reasons, and the end of one of them resumes the socket.
    socket.on("resume", () => {
      if (this.#mustPause) socket.pause();
      else connection.countUnread(0);
    });
    socket.on("close", () => heads.leave(this.#endWait));
  }

  get #mustPause(): boolean {
    const { isEnding, responses } = this.#connection;
    return this.#isWaiting || isEnding || responses.waitingStartCount > 0 || isPausedByParser(this.#socket);
  }

  readonly #endWait = (): void => {
    this.#isWaiting = false;
    this.#socket.resume();
  };

  #read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#mustPause || !this.#mayParse()) {
        this.#socket.pause();
        // It would wait for ever behind the end of a connection.
        if (!this.#connection.isEnding) this.#socket.unshift(chunk.subarray(at));
        this.#connection.countUnread(chunk.length - at + readBytes);
        return;
      }
      at = this.#bodyBytes > 0 ? this.#parseBody(chunk, at) : this.#parseHead(chunk, at);
    }
    // The parser has copied what it gave on.
    freeBuffer(chunk);
  }

  /** False: it waits for another tick. */
  #mayParse(): boolean {
    if (this.#bodyBytes > 0 || this.#tickNumber !== this.#heads.currentTick || !this.#heads.isSpent) return true;
    this.#isWaiting = true;
    this.#heads.wait(this.#endWait);
    return false;
  }

  #parseBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#bodyBytes);
    this.#bodyBytes -= end - at;
    this.#parse(chunk.subarray(at, end));
    return end;
  }

  /** Up to the end of the next head. Where a head is cut at its end, or a body has chunks, some of the body comes with it. */
  #parseHead(chunk: Buffer, at: number): number {
    const connection = this.#connection;
    const isReceiving = connection.lastResponse?.req.complete === false;
    const before = connection.lastResponse;
    const found = chunk.indexOf(headEnd, at);
    const end = found < 0 ? chunk.length : found + headEnd.length;
    this.#parse(chunk.subarray(at, end));
    const { lastResponse } = connection;
    const isBegun = lastResponse !== before;
    if (isBegun || !isReceiving) {
      this.#tickNumber = this.#heads.currentTick;
      this.#heads.count(end - at);
    }
    const isLast = chunk.length === end;
    this.#follow({ isBegun, isEnded: found >= 0, isCut: isLast && isLineEnd.has(chunk[end - 1] as number) });
    return end;
  }

  /** Finds out whether a body follows the parsed bytes, how long it is, and whether a head does. */
  #follow(piece: { readonly isBegun: boolean; readonly isEnded: boolean; readonly isCut: boolean }): void {
    const req = this.#connection.lastResponse?.req;
    if (!this.#isAtHead) return;
    if (!piece.isEnded) this.#isAtHead = !piece.isBegun && !piece.isCut;
    else if (!piece.isBegun || req === undefined) this.#isAtHead = false;
    else if (!req.complete) {
      this.#bodyBytes = Number(req.headers["content-length"] ?? 0);
      this.#isAtHead = this.#bodyBytes > 0;
    }
  }
}
