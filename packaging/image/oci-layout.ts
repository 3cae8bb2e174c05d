/**
 * Writes an OCI image layout: layers, a configuration and a manifest for each architecture, one index. The same input gives
 * the same bytes. https://github.com/opencontainers/image-spec
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Architecture } from "../support/node-binary.ts";
import { run } from "../support/run.ts";

export interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  /** Digest of the layer before compression. */
  readonly diffId: string;
  /** What the layer adds, for the image's history. */
  readonly what: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The settings of a container of the image, in the names of the specification. */
export interface ContainerConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Volumes: Readonly<Record<string, object>>;
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Labels: Readonly<Record<string, string>>;
  /** Docker's addition to the specification; times in nanoseconds. */
  readonly Healthcheck: object;
}

export class OciLayout {
  readonly #folder: string;
  /** Seconds since the epoch: the time of every file and of the image. */
  readonly #epoch: number;
  readonly #manifests: object[] = [];

  /** Removes what is in the folder. */
  constructor(folder: string, epoch: number) {
    this.#folder = folder;
    this.#epoch = epoch;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
  }

  /** A layer of all files below a folder, which belong to `owner` in the image. */
  async addLayer(folder: string, what: string, owner = 0): Promise<Layer> {
    const tar = `${folder}.tar`;
    await writeTar(tar, folder, { epoch: this.#epoch, owner });
    const bytes = readFileSync(tar);
    rmSync(tar);
    const compressed = gzipSync(bytes, { level: 6 });
    const stored = this.#addBlob(compressed, "application/vnd.oci.image.layer.v1.tar+gzip");
    return { ...stored, diffId: digestOf(bytes), what };
  }

  addImage(architecture: Architecture, layers: readonly Layer[], config: ContainerConfig): void {
    const created = new Date(this.#epoch * 1000).toISOString();
    const image = {
      created,
      architecture,
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ what }) => ({ created, created_by: what })),
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: this.#addJson(image, "application/vnd.oci.image.config.v1+json"),
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
      annotations: config.Labels,
    };
    const descriptor = this.#addJson(manifest, manifest.mediaType);
    this.#manifests.push({ ...descriptor, platform: { architecture, os: "linux" } });
  }

  /** Writes the index of all images, which is the one entry of the layout's own, under the name that `podman load` gives it. */
  finish(reference: string, annotations: Readonly<Record<string, string>>): void {
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const images = this.#addJson({ schemaVersion: 2, mediaType, manifests: this.#manifests, annotations }, mediaType);
    const entry = { ...images, annotations: { "org.opencontainers.image.ref.name": reference } };
    writeFileSync(
      join(this.#folder, "index.json"),
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry] }),
    );
    writeFileSync(join(this.#folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  }

  #addJson(value: object, mediaType: string): Descriptor {
    return this.#addBlob(Buffer.from(JSON.stringify(value)), mediaType);
  }

  #addBlob(bytes: Buffer, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    writeFileSync(join(this.#folder, "blobs", "sha256", digest.slice("sha256:".length)), bytes);
    return { mediaType, digest, size: bytes.length };
  }
}

/** The same files give the same bytes. */
export async function writeTar(
  file: string,
  folder: string,
  { epoch, owner = 0 }: { readonly epoch: number; readonly owner?: number },
): Promise<void> {
  const order = ["--sort=name", "--format=gnu", `--mtime=@${epoch}`];
  const owners = [`--owner=${owner}`, `--group=${owner}`, "--numeric-owner"];
  await run("tar", ["--create", `--file=${file}`, ...order, ...owners, "--mode=u+rw,go-w", "--directory", folder, "."]);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
