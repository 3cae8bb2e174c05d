export const tabs = ["records", "shards", "put", "plots", "settings"] as const;
export type Tab = (typeof tabs)[number];

export const queueTabs = ["records", "dead-letters", "settings"] as const;
export type QueueTab = (typeof queueTabs)[number];

/** What the address names. */
export type Route =
  | { readonly page: "streams" }
  | { readonly page: "queues" }
  | { readonly page: "channels" }
  | { readonly page: "server" }
  | { readonly page: "queue"; readonly arn: string; readonly tab: QueueTab }
  | { readonly page: "channel"; readonly arn: string }
  | {
      readonly page: "stream";
      readonly name: string;
      readonly tab: Tab;
      readonly query: Readonly<Record<string, string>>;
    };

/** Everything behind `#`: the server gets none of it. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [page, name, tab] = path.split("/");
  if (page === "server" || page === "queues" || page === "channels") return { page };
  if (page === "queue" && name !== undefined && name !== "") {
    return { page, arn: decodeName(name), tab: queueTabs.find((one) => one === tab) ?? "records" };
  }
  if (page === "channel" && name !== undefined && name !== "") return { page, arn: decodeName(name) };
  if (page === "stream" && name !== undefined && name !== "") {
    const known = tabs.find((one) => one === tab) ?? "records";
    return { page, name: decodeName(name), tab: known, query: Object.fromEntries(new URLSearchParams(query)) };
  }
  return { page: "streams" };
}

export function formatRoute(route: Route): string {
  if (route.page === "queue") return `#/queue/${encodeURIComponent(route.arn)}/${route.tab}`;
  if (route.page === "channel") return `#/channel/${encodeURIComponent(route.arn)}`;
  if (route.page !== "stream") return `#/${route.page}`;
  const query = new URLSearchParams(route.query).toString();
  return `#/stream/${encodeURIComponent(route.name)}/${route.tab}${query === "" ? "" : `?${query}`}`;
}

export function streamLink(name: string, tab: Tab = "records", query: Readonly<Record<string, string>> = {}): string {
  return formatRoute({ page: "stream", name, tab, query });
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
