import { createFileRegistry, type FileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { MessageDecoder } from "./decode.ts";

// The library reads messages by their descriptors without making code of them, which the page's policy forbids.

/** Errors: what is wrong with a file that is no descriptor set. */
function readDescriptors(descriptorSet: Uint8Array): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
}

/** The names of the messages of a set that `protoc --descriptor_set_out` writes; the file that it was asked for comes last. */
export function messageNames(descriptorSet: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (const type of readDescriptors(descriptorSet)) if (type.kind === "message") names.push(type.typeName);
  const own = names.filter((name) => !name.startsWith("google.protobuf."));
  return own.length === 0 ? names : own;
}

/** Errors: as `messageNames`, and a name that is not in the set. */
export function messageDecoder(descriptorSet: Uint8Array, name: string): MessageDecoder {
  const registry = readDescriptors(descriptorSet);
  const type = registry.getMessage(name);
  if (type === undefined) throw new Error(`The file has no message ${name}.`);
  return (bytes) => {
    try {
      const message = fromBinary(type, bytes);
      const isWhole = message.$unknown === undefined || message.$unknown.length === 0;
      return { value: toJson(type, message, { registry }), isWhole };
    } catch {
      return undefined;
    }
  };
}
