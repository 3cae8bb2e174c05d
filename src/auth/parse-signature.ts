import type { IncomingHttpHeaders } from "node:http";
import { incompleteSignature, invalidSignature } from "../model/auth-errors.ts";
import { type QueryParameter, queryParametersOf } from "./query-parameters.ts";

/** A signature of version 4 from a header or a query, not verified. */
export interface ParsedSignature {
  readonly algorithm: string;
  /** `{access key id}/{yyyymmdd}/{region}/kinesis/aws4_request` */
  readonly credential: string;
  /** Header names separated by semicolons. */
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  readonly securityToken?: string;
  /** X-Amz-Expires of a query. */
  readonly expires?: string;
}

/**
 * Undefined for an unsigned request. Errors, in AWS's order: InvalidSignatureException for both forms at once,
 * IncompleteSignatureException, which lists all missing parts.
 */
export function parseSignature(url: string, headers: IncomingHttpHeaders): ParsedSignature | undefined {
  const query = queryParametersOf(url);
  const { authorization } = headers;
  const isQuerySigned = query.some(({ name }) => name === "X-Amz-Algorithm");
  if (authorization !== undefined) {
    if (!isQuerySigned) return parseHeader(authorization, headers);
    throw invalidSignature("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  }
  return isQuerySigned ? parseQuery(query) : undefined;
}

function parseHeader(authorization: string, headers: IncomingHttpHeaders): ParsedSignature {
  const form = splitHeader(authorization);
  const date = textOf(headers["x-amz-date"]) ?? headers.date;
  let missing = "";
  if (form.credential === "") missing += missingParameter("Credential");
  if (form.signature === "") missing += missingParameter("Signature");
  if (form.signedHeaders === "") missing += missingParameter("SignedHeaders");
  if (date === undefined) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing !== "") throw incompleteSignature(`${missing}Authorization=${authorization}`);
  return { ...form, date: date ?? "", ...token(textOf(headers["x-amz-security-token"])) };
}

function missingParameter(name: string): string {
  return `Authorization header requires '${name}' parameter. `;
}

const separators = /[\s,]+/;

/**
 * The algorithm is the first word; a repeated parameter counts with its last value. Commas and spaces separate alike, as in
 * AWS: `AWS4- Signature=b Credential=a` is valid.
 */
function splitHeader(text: string): Omit<ParsedSignature, "date" | "securityToken" | "expires"> {
  const [algorithm = "", ...parameters] = text.split(separators);
  let [credential, signedHeaders, signature] = ["", "", ""];
  for (const parameter of parameters) {
    if (parameter.startsWith("Credential=")) credential = parameter.slice(11);
    else if (parameter.startsWith("SignedHeaders=")) signedHeaders = parameter.slice(14);
    else if (parameter.startsWith("Signature=")) signature = parameter.slice(10);
  }
  return { algorithm, credential, signedHeaders, signature };
}

function parseQuery(query: readonly QueryParameter[]): ParsedSignature {
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
    ...(query.some(({ name }) => name === "X-Amz-Expires") ? { expires: given("X-Amz-Expires") } : {}),
  };
}

function token(text: string | undefined): { readonly securityToken?: string } {
  return text === undefined || text === "" ? {} : { securityToken: text };
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(",");
}
