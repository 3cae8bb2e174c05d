import { CloudWatchError } from "./cloudwatch-error.ts";

/** The namespace of all responses in XML. */
export const xmlNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";
/** Parts of a parameter's name; the deepest one that an operation has is nine. */
const depthMax = 12;
/** What one request may have: in 1 MB, their names as the API has them, there are fewer. */
const parametersMax = 20_000;

/** Without a prototype, so that any name is a member like others. */
interface Tree {
  [name: string]: Tree | string;
}

/**
 * The members of a form of the Query protocol, such as `Dimensions.member.1.Name=StreamName`: structures as objects, lists
 * as arrays in the order of their numbers, all else as texts.
 */
export function parseQueryForm(body: string): Readonly<Record<string, unknown>> {
  if (countOf("&", body) >= parametersMax) {
    throw new CloudWatchError("MalformedInput", "The request has too many parameters.");
  }
  const root = emptyTree();
  for (const [name, value] of new URLSearchParams(body)) addTo(root, name.split("."), value);
  const members = plain(root);
  return typeof members === "object" && members !== null ? (members as Readonly<Record<string, unknown>>) : {};
}

function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

function addTo(root: Tree, parts: readonly string[], value: string): void {
  if (parts.length > depthMax)
    throw new CloudWatchError("MalformedInput", "The name of a parameter has too many parts.");
  let tree = root;
  for (const part of parts.slice(0, -1)) {
    let next = tree[part];
    if (next === undefined || typeof next === "string") {
      next = emptyTree();
      tree[part] = next;
    }
    tree = next;
  }
  tree[parts.at(-1) ?? ""] = value;
}

/** JavaScript has numbers as names in ascending order. */
function plain(tree: Tree | string): unknown {
  if (typeof tree === "string") return tree;
  const names = Object.keys(tree);
  const items = names.length === 1 ? tree["member"] : undefined;
  if (items !== undefined && typeof items !== "string") return Object.values(items).map(plain);
  const members: Record<string, unknown> = tree;
  for (const name of names) members[name] = plain(tree[name] as Tree | string);
  return members;
}

/** A value as XML: lists of `member`, times as ISO 8601; members that are undefined are left out. */
export function xmlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join("");
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
  if (typeof value !== "object" || value === null) return escapeXml(String(value));
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `<${name}>${xmlOf(member)}</${name}>`)
    .join("");
}

function escapeXml(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
