/** A parameter of a query, percent-decoded; each character is one byte. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** All parameters in their order. A plus is not a space: clients that sign send %20. */
export function queryParametersOf(url: string): readonly QueryParameter[] {
  const start = url.indexOf("?");
  if (start < 0) return [];
  const parameters: QueryParameter[] = [];
  for (const pair of url.slice(start + 1).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    parameters.push({ name: decode(name), value: equals < 0 ? "" : decode(pair.slice(equals + 1)) });
  }
  return parameters;
}

/** Encodes all but the unreserved characters of RFC 3986 as %XX in upper case. `text` has one byte for each character. */
export function percentEncode(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9\-._~]/g, (byte) => {
    const hex = byte.charCodeAt(0).toString(16).toUpperCase();
    return `%${hex.padStart(2, "0")}`;
  });
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
