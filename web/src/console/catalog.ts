// What there is to call: every service of the server, in groups, with what is known of each method.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type Operation, operationOf } from "./openapi";

export interface Method {
  /** As in `routeguide.RouteGuide/GetFeature`. */
  readonly id: string;
  readonly desc: DescMethod;
  readonly operation: Operation | null;
}

export interface Group {
  /** The service's full name. */
  readonly name: string;
  readonly methods: readonly Method[];
  /** Why the service is not described, and so has no methods here; null where it is. */
  readonly problem: string | null;
}

export type Kind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

export const kindNames: Readonly<Record<Kind, string>> = {
  unary: "Unary",
  server_streaming: "Server streaming",
  client_streaming: "Client streaming",
  bidi_streaming: "Bidirectional streaming",
};

/**
 * Groups in the order of their names, those of gRPC itself last; methods as the contract has them. `services` are by their
 * full names; a string says why one is not described.
 */
export function catalogOf(
  services: ReadonlyMap<string, DescService | string>,
  operations: ReadonlyMap<string, Operation>,
): Group[] {
  const described = [...services.values()].filter((service) => typeof service === "object");
  return [...services]
    .map(([name, service]) =>
      typeof service === "string"
        ? { name, methods: [], problem: service }
        : { name, methods: methodsOf(service, operations, described), problem: null },
    )
    .toSorted((a, b) => Number(isPlumbing(a.name)) - Number(isPlumbing(b.name)) || a.name.localeCompare(b.name));
}

function methodsOf(
  service: DescService,
  operations: ReadonlyMap<string, Operation>,
  services: readonly DescService[],
): Method[] {
  return service.methods.map((desc) => ({
    id: methodId(desc),
    desc,
    operation: operationOf(operations, desc, services),
  }));
}

export function methodId(desc: DescMethod): string {
  return `${desc.parent.typeName}/${desc.name}`;
}

function isPlumbing(service: string): boolean {
  return service.startsWith("grpc.");
}

/** The method with this id; the dot of `Service.Method` is taken too. */
export function findMethod(groups: readonly Group[], id: string): Method | null {
  const slashed = id.replace(/^\//, "").replace(/^([^/]*)\.([^./]+)$/, "$1/$2");
  return groups.flatMap((group) => group.methods).find((method) => method.id === slashed) ?? null;
}

/**
 * The methods in which every word is found: in their name, their service's or a message's. A group without one is left out;
 * a group that has no methods at all stays when its own name has the words.
 */
export function searchCatalog(groups: readonly Group[], text: string): Group[] {
  const words = text
    .toLowerCase()
    .split(/[\s/]+/)
    .filter(Boolean);
  if (words.length === 0) return [...groups];
  const has = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  return groups.flatMap((group) => {
    const methods = group.methods.filter(({ id, desc }) =>
      has(`${id} ${desc.input.name} ${desc.output.name} ${kindNames[desc.methodKind]}`),
    );
    return methods.length > 0 || (group.problem !== null && has(group.name)) ? [{ ...group, methods }] : [];
  });
}

/** A service's short name, and the package before it: "" for none. */
export function splitName(name: string): { readonly short: string; readonly pack: string } {
  const dot = name.lastIndexOf(".");
  return { short: name.slice(dot + 1), pack: name.slice(0, Math.max(0, dot)) };
}
