import { signal } from "@preact/signals";
import { formatRoute, parseRoute, type Route } from "./route.ts";

/** What the address of the page names now. */
export const route = signal<Route>({ page: "streams" });

/** How often the address was changed from outside, by a link or the browser. */
export const arrivals = signal(0);

/** The address that was read or written last. */
let knownHash = "";

export function watchAddress(): void {
  const read = (): void => {
    knownHash = location.hash;
    route.value = parseRoute(knownHash);
    arrivals.value += 1;
  };
  addEventListener("hashchange", read);
  read();
}

export function go(to: Route): void {
  location.hash = formatRoute(to);
}

/** Changes the query of the address without a new entry in the history. */
export function rememberQuery(query: Readonly<Record<string, string>>): void {
  const now = route.peek();
  // The browser may have gone elsewhere, with its event yet to come.
  if (now.page !== "stream" || location.hash !== knownHash) return;
  history.replaceState(null, "", formatRoute({ ...now, query }));
  knownHash = location.hash;
}
