import { signal } from "@preact/signals";
import { formatRoute, parseRoute, type Route } from "./route.ts";

/** What the address of the page names now. */
export const route = signal<Route>({ page: "streams" });

export function watchAddress(): void {
  const read = (): void => {
    route.value = parseRoute(location.hash);
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
  if (now.page !== "stream") return;
  const next: Route = { ...now, query };
  history.replaceState(null, "", formatRoute(next));
}
