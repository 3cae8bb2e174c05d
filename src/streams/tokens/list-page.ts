export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** The first `limit` of what is left to list. */
export function firstPage<Item>(rest: readonly Item[], limit: number): ListPage<Item> {
  return { items: rest.slice(0, limit), hasMore: rest.length > limit };
}

/** Names in the order of UTF-16 code units. The start is exclusive and need not exist. */
export function namesPage(
  names: Iterable<string>,
  page: { readonly exclusiveStart?: string | undefined; readonly limit: number },
): ListPage<string> {
  const { exclusiveStart, limit } = page;
  const rest = Array.from(names).filter((name) => exclusiveStart === undefined || name > exclusiveStart);
  return firstPage(rest.sort(), limit);
}
