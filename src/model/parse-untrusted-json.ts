/**
 * `JSON.parse` for untrusted text, without a bug of V8 14 (nodejs/node issue 63785): V8 confuses an escaped member name with
 * an earlier one whose characters are those of the escape. After `{"a":1,"\\":2}` from any client, the name in
 * `{"a":1,"\u00e9":2}` is read as a backslash. Throws a SyntaxError for anything but JSON. `parse`: in place of `JSON.parse`, the
 * same for names and texts; it gets scalars on their own, too.
 */
export function parseUntrustedJson(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  const parsed = parse(text);
  return text.includes("\\") && NAME_WITH_ESCAPE.test(text) ? readValid(text, parse) : parsed;
}

/** Matches the last escape of a string before a colon, a member name; may match more. */
const NAME_WITH_ESCAPE = /\\.[^"\\]*"[\t\n\r ]*:/;

const PUNCTUATION_OR_SPACE = /[\t\n\r ,:\]}]/g;

interface Container {
  readonly value: unknown[] | Record<string, unknown>;
  /** Name of the member whose value comes next. */
  name?: string | undefined;
}

/** For text that is valid JSON. Not recursive, because a text may be nested as deep as it is long. */
function readValid(text: string, parse: (text: string) => unknown): unknown {
  const open: Container[] = [];
  let root: unknown;
  let at = 0;

  function add(value: unknown): void {
    const container = open.at(-1);
    if (container === undefined) root = value;
    else if (Array.isArray(container.value)) container.value.push(value);
    else {
      // Not an assignment, because the name may be "__proto__".
      const property = { value, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(container.value, container.name as string, property);
      container.name = undefined;
    }
  }

  while (at < text.length) {
    switch (text[at]) {
      case "{":
      case "[": {
        const value = text[at] === "{" ? {} : [];
        add(value);
        open.push({ value });
        at += 1;
        break;
      }
      case "}":
      case "]":
        open.pop();
        at += 1;
        break;
      case '"': {
        const end = endOfString(text, at);
        const string = JSON.parse(text.slice(at, end)) as string;
        const container = open.at(-1);
        if (container === undefined || Array.isArray(container.value) || container.name !== undefined) add(string);
        else container.name = string;
        at = end;
        break;
      }
      case "\t":
      case "\n":
      case "\r":
      case " ":
      case ",":
      case ":":
        at += 1;
        break;
      default: {
        PUNCTUATION_OR_SPACE.lastIndex = at;
        const end = PUNCTUATION_OR_SPACE.exec(text)?.index ?? text.length;
        add(parse(text.slice(at, end)));
        at = end;
      }
    }
  }
  return root;
}

/** The index after the closing quote of the string at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
