// What a server serves, as it says itself: grpc.reflection.v1, one bidirectional call for everything.
import {
  createRegistry,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type FileQuestion, Library, registryOf } from "./descriptors";
import { callMethod } from "./dynamic";
import { Inbox } from "./inbox";

/** The part of grpc/reflection/v1/reflection.proto (github.com/grpc/grpc-proto) that is used here. */
const contract = registryOf(
  fromJson(FileDescriptorSetSchema, {
    file: [
      {
        name: "grpc/reflection/v1/reflection.proto",
        package: "grpc.reflection.v1",
        syntax: "proto3",
        messageType: [
          {
            name: "ServerReflectionRequest",
            field: [
              field("file_by_filename", 3, "TYPE_STRING", 0),
              field("file_containing_symbol", 4, "TYPE_STRING", 0),
              field("list_services", 7, "TYPE_STRING", 0),
            ],
            oneofDecl: [{ name: "message_request" }],
          },
          {
            name: "ServerReflectionResponse",
            field: [
              field("file_descriptor_response", 4, "FileDescriptorResponse", 0),
              field("list_services_response", 6, "ListServiceResponse", 0),
              field("error_response", 7, "ErrorResponse", 0),
            ],
            oneofDecl: [{ name: "message_response" }],
          },
          { name: "FileDescriptorResponse", field: [repeated("file_descriptor_proto", 1, "TYPE_BYTES")] },
          { name: "ListServiceResponse", field: [repeated("service", 1, "ServiceResponse")] },
          { name: "ServiceResponse", field: [field("name", 1, "TYPE_STRING")] },
          { name: "ErrorResponse", field: [field("error_message", 2, "TYPE_STRING")] },
        ],
        service: [
          {
            name: "ServerReflection",
            method: [
              {
                name: "ServerReflectionInfo",
                inputType: ".grpc.reflection.v1.ServerReflectionRequest",
                outputType: ".grpc.reflection.v1.ServerReflectionResponse",
                clientStreaming: true,
                serverStreaming: true,
              },
            ],
          },
        ],
      },
    ],
  }).file,
);

function field(name: string, number: number, type: string, oneofIndex?: number): { [key: string]: JsonValue } {
  const own = type.startsWith("TYPE_") ? { type } : { type: "TYPE_MESSAGE", typeName: `.grpc.reflection.v1.${type}` };
  return { name, number, label: "LABEL_OPTIONAL", ...own, ...(oneofIndex === undefined ? {} : { oneofIndex }) };
}

function repeated(name: string, number: number, type: string): { [key: string]: JsonValue } {
  return { ...field(name, number, type), label: "LABEL_REPEATED" };
}

/** For all questions on one call together. */
const PATIENCE_MS = 20_000;

interface Answer {
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto?: readonly string[] };
  readonly listServicesResponse?: { readonly service?: readonly { readonly name?: string }[] };
  readonly errorResponse?: { readonly errorMessage?: string };
}

type Ask = (question: FileQuestion | { readonly listServices: string }) => Promise<Answer>;

export interface Services {
  /** By full name, in the server's order. A string says why the service is not described. */
  readonly services: ReadonlyMap<string, DescService | string>;
  /** The types of all of them. */
  readonly registry: Registry;
}

/** Every service that the server lists, with all that its methods need. Rejects with a ConnectError when it lists none. */
export async function reflectServices(): Promise<Services> {
  return converse(async (ask) => {
    const { listServicesResponse } = await ask({ listServices: "" });
    const names = (listServicesResponse?.service ?? []).flatMap(({ name }) => name || []);
    const described = await describeAll(ask, names);
    const services = names.map((name, i) => {
      const known = described[i];
      const reason = typeof known === "string" ? known : "its file does not have it";
      return [name, (typeof known === "object" && known.getService(name)) || reason] as const;
    });
    return { services: new Map(services), registry: unite(described) };
  });
}

/** The types with these full names, as far as the server knows them. */
export async function reflectTypes(names: readonly string[]): Promise<Registry> {
  return converse(async (ask) => unite(await describeAll(ask, names)));
}

/** For each symbol its file with all that it needs, or a string that says why there is none. */
function describeAll(ask: Ask, symbols: readonly string[]): Promise<(FileRegistry | string)[]> {
  const library = new Library(async (question) => {
    const { fileDescriptorResponse } = await ask(question);
    return (fileDescriptorResponse?.fileDescriptorProto ?? []).map((text) =>
      fromBinary(
        FileDescriptorProtoSchema,
        Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
      ),
    );
  });
  return Promise.all(
    symbols.map((symbol) => library.describe(symbol).catch((failure) => ConnectError.from(failure).rawMessage)),
  );
}

function unite(described: readonly (FileRegistry | string)[]): Registry {
  return createRegistry(...described.filter((known) => typeof known === "object"));
}

/** Questions and their answers on one call: the answers come in the order of the questions. */
async function converse<T>(talk: (ask: Ask) => Promise<T>): Promise<T> {
  const method = contract.getService("grpc.reflection.v1.ServerReflection")?.method.serverReflectionInfo as DescMethod;
  const questions = new Inbox<Message>();
  const asked: ((answer: Answer) => void)[] = [];
  const over = callMethod({
    method,
    input: questions,
    metadata: [],
    deadlineMs: PATIENCE_MS,
    signal: new AbortController().signal,
    onHeader() {},
    onMessage: (message) => asked.shift()?.(toJson(method.output, message) as Answer),
  }).then((end) => {
    throw new ConnectError(end.message || "the server ended the conversation", end.code || Code.Unavailable);
  });
  over.catch(() => {});
  try {
    return await talk(async (question) => {
      questions.push(fromJson(method.input, question));
      const answer = await Promise.race([new Promise<Answer>((resolve) => asked.push(resolve)), over]);
      if (!answer.errorResponse) return answer;
      throw new ConnectError(answer.errorResponse.errorMessage || "the server does not say why", Code.NotFound);
    });
  } finally {
    questions.end();
  }
}
