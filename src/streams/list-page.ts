export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** The first `limit` of the items that are left. */
export function firstPage<Item>(rest: readonly Item[], limit: number): ListPage<Item> {
  return { items: rest.slice(0, limit), hasMore: rest.length > limit };
}

/** The first names after `exclusiveStart`, which need not exist, sorted by UTF-16 code units. */
export function namesPage(
  names: Iterable<string>,
  page: { readonly exclusiveStart?: string | undefined; readonly limit: number },
): ListPage<string> {
  const { exclusiveStart, limit } = page;
  const rest = Array.from(names).filter((name) => exclusiveStart === undefined || name > exclusiveStart);
  return firstPage(rest.sort(), limit);
}
