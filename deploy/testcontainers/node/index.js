import { AbstractStartedContainer, GenericContainer, Wait } from "testcontainers";

export const millraceImage = "registry.example/millrace:0.1.0";
const port = 4567;

/** A server in memory. Each `with…` method changes this container and returns it, as those of GenericContainer do. */
export class MillraceContainer extends GenericContainer {
  #streams = [];
  #arguments = [];

  constructor(image = millraceImage) {
    super(image);
    this.withExposedPorts(port).withWaitStrategy(Wait.forHttp("/health", port));
  }

  /** Creates streams at start, each as `name:shards` or `name:shards:region`. */
  withStreams(...streams) {
    this.#streams.push(...streams);
    return this;
  }

  /** More arguments of `millrace serve`, such as `--dev` or `--limits`, `aws`. */
  withArguments(...args) {
    this.#arguments.push(...args);
    return this;
  }

  async start() {
    const streams = this.#streams.flatMap((stream) => ["--stream", stream]);
    this.withCommand(["serve", "--engine", "memory", ...streams, ...this.#arguments]);
    return new StartedMillraceContainer(await super.start());
  }
}

export class StartedMillraceContainer extends AbstractStartedContainer {
  region = "us-east-1";
  /** The server takes any keys. */
  credentials = { accessKeyId: "test", secretAccessKey: "test" };

  get endpoint() {
    return `http://${this.getHost()}:${this.getMappedPort(port)}`;
  }
}
