/** A WebAssembly.Memory; its buffer is replaced when it grows, which the memories of this project never do once in use. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
};

/** The part of WebAssembly that the project uses; the types of Node leave it to those of browsers. */
export const webAssembly = WebAssembly;
