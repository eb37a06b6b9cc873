// Descriptors out of the files that a server sends of itself.
import { create, createFileRegistry, type FileRegistry } from "@bufbuild/protobuf";
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

export type FileQuestion = { readonly fileContainingSymbol: string } | { readonly fileByFilename: string };

/** Resolves with the file that was asked for, and after it files that it imports and that were not sent before. */
export type AskFiles = (question: FileQuestion) => Promise<readonly FileDescriptorProto[]>;

/** The files that one server has sent. It may be asked for several symbols at once. */
export class Library {
  readonly #ask: AskFiles;
  readonly #files = new Map<string, Promise<FileDescriptorProto>>();

  constructor(ask: AskFiles) {
    this.#ask = ask;
  }

  /**
   * The file of a symbol with all that it needs. Two files may have the same name where a server relays to others: then the
   * one from the same answer counts. Rejects with an Error that says what is missing or wrong.
   */
  async describe(symbol: string): Promise<FileRegistry> {
    const found = await this.#ask({ fileContainingSymbol: symbol });
    for (const file of found) if (!this.#files.has(file.name)) this.#files.set(file.name, Promise.resolve(file));
    const files = new Map(found.map((file) => [file.name, file]));
    // The loop also visits what it adds.
    for (const file of files.values())
      for (const name of file.dependency) if (!files.has(name)) files.set(name, await this.#file(name));
    return registryOf([...files.values()]);
  }

  #file(name: string): Promise<FileDescriptorProto> {
    const known = this.#files.get(name);
    if (known) return known;
    const asked = this.#ask({ fileByFilename: name }).then(([file]) => {
      if (!file) throw new Error(`there is no file ${name}`);
      return file;
    });
    this.#files.set(name, asked);
    return asked;
  }
}

/** Takes files in any order, and without JSON names: those that protoc makes for Python have none. */
export function registryOf(files: readonly FileDescriptorProto[]): FileRegistry {
  function nameFields(messages: readonly DescriptorProto[]): void {
    for (const message of messages) {
      for (const field of message.field)
        field.jsonName ||= field.name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
      nameFields(message.nestedType);
    }
  }
  for (const file of files) nameFields(file.messageType);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: importsFirst(files) }));
}

function importsFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ordered = new Set<FileDescriptorProto>();
  const seen = new Set<string>();
  function place(name: string): void {
    const file = byName.get(name);
    if (!file || seen.has(name)) return;
    seen.add(name);
    file.dependency.forEach(place);
    ordered.add(file);
  }
  for (const name of byName.keys()) place(name);
  return [...ordered];
}
