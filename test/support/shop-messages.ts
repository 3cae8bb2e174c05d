/** A schema of Protocol Buffers, and a message of it. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const { STRING, INT32, MESSAGE } = FieldDescriptorProto_Type;

function field(number: number, name: string, type: FieldDescriptorProto_Type, typeName = "") {
  const label = FieldDescriptorProto_Label.OPTIONAL;
  return create(FieldDescriptorProtoSchema, { number, name, jsonName: name, type, typeName, label });
}

function message(name: string, fields: DescriptorProto["field"]): DescriptorProto {
  return create(DescriptorProtoSchema, { name, field: fields });
}

/** As `protoc --descriptor_set_out` writes of two messages of the package `shop`. */
export const shopDescriptors = toBinary(
  FileDescriptorSetSchema,
  create(FileDescriptorSetSchema, {
    file: [
      create(FileDescriptorProtoSchema, {
        ...{ name: "shop.proto", package: "shop", syntax: "proto3" },
        messageType: [
          message("Customer", [field(1, "name", STRING)]),
          message("Order", [field(1, "number", INT32), field(2, "customer", MESSAGE, ".shop.Customer")]),
        ],
      }),
    ],
  }),
);

/** A `shop.Order`: number 7, and a customer whose name is Ada. */
export const orderMessage = Uint8Array.of(8, 7, 18, 5, 10, 3, 65, 100, 97);
