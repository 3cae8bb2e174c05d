/** A parameter of a request's query, percent-decoded; each character stands for one byte. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** In the order sent. A plus stays a plus: clients that sign send a space as %20. */
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

/** RFC 3986: all but the unreserved characters become %XX, in capitals. `text` holds one byte per character. */
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
