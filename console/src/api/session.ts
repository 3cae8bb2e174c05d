import { signal } from "@preact/signals";
import type { AccessKey } from "./sign.ts";

/** Who the page calls as. Keys stay in the storage of this tab, which ends with it; they are never a cookie. */
export interface Session {
  /** Undefined: the server's own. */
  readonly account?: string;
  readonly region?: string;
  /** Where the server verifies signatures. */
  readonly key?: AccessKey;
}

const storageKey = "millrace-session";

export const session = signal<Session>(readStored());

export function changeSession(next: Session): void {
  session.value = next;
  sessionStorage.setItem(storageKey, JSON.stringify(next));
}

function readStored(): Session {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? "{}") as Session;
  } catch {
    return {};
  }
}
