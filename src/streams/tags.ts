import {
  reservedTagKey,
  type TagAction,
  tagCharactersInvalid,
  tagPercentSignIllegal,
  tooManyTags,
} from "../model/tag-errors.ts";

export type Tags = Readonly<Record<string, string>>;

interface Place {
  readonly account: string;
  readonly name: string;
}

/** Most tags of one stream (API reference, AddTagsToStream). */
export const tagCountMax = 50;

/**
 * The tags after adding; a present key gets the new value.
 *
 * Errors: InvalidArgumentException for keys that begin with `aws:`, invalid characters, and more than `tagCountMax` tags.
 */
export function addTags(place: Place, existing: Tags, added: Tags): Tags {
  for (const key of Object.keys(added)) if (key.toLowerCase().startsWith("aws:")) throw reservedTagKey(key);
  checkCharacters("add tags to", place, Object.entries(added).flat());
  // Built from entries: `__proto__` is a tag key like any other.
  const merged = Object.fromEntries([...Object.entries(existing), ...Object.entries(added)]);
  if (Object.keys(merged).length > tagCountMax) throw tooManyTags(place);
  return merged;
}

/** The tags without `keys`; absent keys are ignored. Errors: InvalidArgumentException for invalid characters. */
export function removeTags(place: Place, existing: Tags, keys: readonly string[]): Tags {
  checkCharacters("remove tags from", place, keys);
  const removed = new Set(keys);
  return Object.fromEntries(Object.entries(existing).filter(([key]) => !removed.has(key)));
}

export interface TagsPage {
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly hasMore: boolean;
}

/** One page sorted by UTF-16 code units, as by AWS. The start key is exclusive and need not exist. */
export function tagsPage(
  tags: Tags,
  page: { readonly exclusiveStartKey?: string | undefined; readonly limit?: number | undefined },
): TagsPage {
  const { exclusiveStartKey, limit = tagCountMax } = page;
  const rest = Object.entries(tags)
    .filter(([key]) => exclusiveStartKey === undefined || key > exclusiveStartKey)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    tags: rest.slice(0, limit).map(([Key, Value]) => ({ Key, Value })),
    hasMore: rest.length > limit,
  };
}

/** All tag operations accept the colon (observed), although the page and the error of AddTagsToStream omit it. */
const VALID = /^[\p{L}\p{N} _./=+\-%@:]*$/u;

// AWS checks twice: `%` is valid in the first error text and refused with the second.
function checkCharacters(action: TagAction, place: Place, texts: readonly string[]): void {
  if (!texts.every((text) => VALID.test(text))) throw tagCharactersInvalid();
  if (texts.some((text) => text.includes("%"))) throw tagPercentSignIllegal(place, action);
}
