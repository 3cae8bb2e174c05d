import type { BucketAccess } from "./bucket-access.ts";

/**
 * How a catalog is asked.
 * - `sigv4`: requests are signed with the credentials of the table bucket, for the service `s3tables`
 * - `token`: one token for all requests
 * - `oauth`: a token that the catalog gives for client id and secret
 * - `none`: it asks for nothing
 */
export type CatalogAuth =
  | { readonly kind: "sigv4" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "oauth"; readonly clientId: string; readonly clientSecret: string }
  | { readonly kind: "none" };

/** Where the tables of a table bucket are: the catalog that knows them, and the store that has their files. */
export interface TableAccess extends BucketAccess {
  /** Address of an Iceberg REST catalog, without `/v1`. */
  readonly catalog: string;
  /** What the catalog calls the table bucket. Absent: its ARN. */
  readonly warehouse?: string;
  readonly auth: CatalogAuth;
}
