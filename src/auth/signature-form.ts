import type { IncomingHttpHeaders } from "node:http";
import { incompleteSignature, invalidSignature } from "../model/auth-errors.ts";
import { type QueryParameter, queryParametersOf } from "./query-parameters.ts";

/** A signature of version 4 as a request carries it, in its header or in its query; nothing of it is checked yet. */
export interface SignatureForm {
  readonly algorithm: string;
  /** `{access key id}/{yyyymmdd}/{region}/kinesis/aws4_request` */
  readonly credential: string;
  /** Names with semicolons between them. */
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  readonly securityToken?: string;
}

/**
 * Undefined for an unsigned request. Throws the errors of a signature that is not whole, in the order of AWS: both forms
 * at once, then what is missing from the one there is.
 */
export function signatureFormOf(url: string, headers: IncomingHttpHeaders): SignatureForm | undefined {
  const query = queryParametersOf(url);
  const { authorization } = headers;
  const isQuerySigned = query.some(({ name }) => name === "X-Amz-Algorithm");
  if (authorization !== undefined) {
    if (!isQuerySigned) return formOfHeader(authorization, headers);
    throw invalidSignature("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  }
  return isQuerySigned ? formOfQuery(query) : undefined;
}

function formOfHeader(authorization: string, headers: IncomingHttpHeaders): SignatureForm {
  // AWS cuts at commas and at spaces alike, so `AWS4- Signature=b Credential=a` is understood.
  const [algorithm = "", ...parts] = authorization.split(/[,\s]+/);
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals > 0) parameters.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const date = textOf(headers["x-amz-date"]) ?? headers.date;
  let missing = "";
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!parameters.get(name)) missing += `Authorization header requires '${name}' parameter. `;
  }
  if (date === undefined) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing !== "") throw incompleteSignature(`${missing}Authorization=${authorization}`);
  return {
    algorithm,
    credential: parameters.get("Credential") ?? "",
    signedHeaders: parameters.get("SignedHeaders") ?? "",
    signature: parameters.get("Signature") ?? "",
    date: date ?? "",
    ...token(textOf(headers["x-amz-security-token"])),
  };
}

function formOfQuery(query: readonly QueryParameter[]): SignatureForm {
  const given = (wanted: string): string => query.find(({ name }) => name === wanted)?.value ?? "";
  let missing = "";
  for (const name of ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]) {
    if (given(name) === "") missing += `AWS query-string parameters must include '${name}'. `;
  }
  if (missing !== "") throw incompleteSignature(`${missing}Re-examine the query-string parameters.`);
  return {
    algorithm: given("X-Amz-Algorithm"),
    credential: given("X-Amz-Credential"),
    signedHeaders: given("X-Amz-SignedHeaders"),
    signature: given("X-Amz-Signature"),
    date: given("X-Amz-Date"),
    ...token(given("X-Amz-Security-Token")),
  };
}

function token(text: string | undefined): { readonly securityToken?: string } {
  return text === undefined || text === "" ? {} : { securityToken: text };
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(",");
}
