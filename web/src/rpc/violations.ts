// What an error says about fields of the request: google.rpc.BadRequest.
import { type DescMessage, fromJson, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { registryOf } from "./descriptors";

export interface Violation {
  /** As the contract writes it: `feature.web_address`. */
  readonly field: string;
  readonly description: string;
}

/** The part of google/rpc/error_details.proto (github.com/googleapis/googleapis) that is used here. */
const contract = registryOf(
  fromJson(FileDescriptorSetSchema, {
    file: [
      {
        name: "google/rpc/error_details.proto",
        package: "google.rpc",
        syntax: "proto3",
        messageType: [
          {
            name: "BadRequest",
            nestedType: [
              {
                name: "FieldViolation",
                field: [
                  { name: "field", number: 1, label: "LABEL_OPTIONAL", type: "TYPE_STRING" },
                  { name: "description", number: 2, label: "LABEL_OPTIONAL", type: "TYPE_STRING" },
                ],
              },
            ],
            field: [
              {
                name: "field_violations",
                number: 1,
                label: "LABEL_REPEATED",
                type: "TYPE_MESSAGE",
                typeName: ".google.rpc.BadRequest.FieldViolation",
              },
            ],
          },
        ],
      },
    ],
  }).file,
);
const badRequest = contract.getMessage("google.rpc.BadRequest") as DescMessage;

export function violationsOf(failure: unknown): Violation[] {
  const details = ConnectError.from(failure).findDetails(badRequest);
  return details.flatMap((detail) => {
    const { fieldViolations } = toJson(badRequest, detail) as { fieldViolations?: Partial<Violation>[] };
    return (fieldViolations ?? []).map(({ field = "", description = "" }) => ({ field, description }));
  });
}
