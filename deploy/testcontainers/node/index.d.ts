import { AbstractStartedContainer, GenericContainer } from "testcontainers";

export declare const millraceImage: string;

/** A server in memory. */
export declare class MillraceContainer extends GenericContainer {
  constructor(image?: string);
  /** Creates streams at start, each as `name:shards` or `name:shards:region`. */
  withStreams(...streams: readonly string[]): this;
  /** More arguments of `millrace serve`, such as `--dev` or `--limits`, `aws`. */
  withArguments(...args: readonly string[]): this;
  start(): Promise<StartedMillraceContainer>;
}

export declare class StartedMillraceContainer extends AbstractStartedContainer {
  readonly endpoint: string;
  readonly region: string;
  /** The server takes any keys. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}
