/** `user.id`, `$.items[0].id`: members and elements alone, no filters. */
export function findInJson(value: unknown, path: string): unknown {
  let found = value;
  for (const step of stepsOf(path)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[step];
  }
  return found;
}

function stepsOf(path: string): readonly string[] {
  return path
    .replace(/^\$\.?/, "")
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((step) => step !== "");
}
