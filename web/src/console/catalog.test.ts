import type { DescService } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { RouteGuide } from "../gen/routeguide/route_guide_pb";
import { Greeter } from "../gen/tutorial/greeter/greeter_pb";
import { Greeter as OtherGreeter } from "../gen/tutorial/greeterpb/greeter_pb";
import { catalogOf, findMethod, searchCatalog, splitName } from "./catalog";
import { operationOf, readOperations } from "./openapi";

const document = {
  openapi: "3.0.3",
  paths: {
    "/v1/features/{latitude}/{longitude}": {
      get: {
        operationId: "RouteGuide_GetFeature",
        summary: "Returns the feature.",
        description: "Or none.",
        parameters: [{ name: "latitude", in: "path", description: "North." }, { $ref: "#/nowhere" }],
      },
    },
    "/v1/notes:chat": {
      post: {
        operationId: "RouteGuide_RouteChat",
        requestBody: { content: { "application/x-ndjson": { schema: { $ref: "#/components/schemas/Note" } } } },
      },
    },
    "/v1/a": { get: { operationId: "Greeter_SayHello" } },
    "/v1/b": { get: { operationId: "greeterpb_Greeter_SayHello" } },
  },
  components: {
    schemas: {
      Note: {
        properties: {
          location: { allOf: [{ $ref: "#/components/schemas/Point" }], description: "Where." },
          others: { type: "array", items: { $ref: "#/components/schemas/Note" } },
          message: { description: "What." },
        },
      },
      Point: { properties: { latitude: { description: "North." } } },
    },
  },
};
const operations = readOperations(document);

describe("the OpenAPI document", () => {
  test("gives methods their REST path and comments", () => {
    expect(operationOf(operations, RouteGuide.method.getFeature, [RouteGuide])).toEqual({
      verb: "GET",
      path: "/v1/features/{latitude}/{longitude}",
      comment: "Returns the feature.\n\nOr none.",
      notes: new Map([["latitude", "North."]]),
    });
  });

  test("says what the fields of a body mean, through references that go round", () => {
    const notes = operations.get("RouteGuide_RouteChat")?.notes;
    expect(notes?.get("message")).toBe("What.");
    expect(notes?.get("location")).toBe("Where.");
    expect(notes?.get("location.latitude")).toBe("North.");
    expect(notes?.get("others.message")).toBe("What.");
  });

  test("tells services of one name apart", () => {
    const services = [Greeter, OtherGreeter];
    expect(operationOf(operations, Greeter.method.sayHello, services)?.path).toBe("/v1/a");
    expect(operationOf(operations, OtherGreeter.method.sayHello, services)?.path).toBe("/v1/b");
    expect(operationOf(operations, OtherGreeter.method.sayHelloAgain, services)).toBeNull();
  });

  test.each([null, 5, {}, { paths: {} }])("%j has nothing", (other) => expect(readOperations(other).size).toBe(0));
});

describe("the catalog", () => {
  const services = new Map<string, DescService | string>([
    ["grpc.health.v1.Health", "not found"],
    ["routeguide.RouteGuide", RouteGuide],
    ["a.Unknown", "not found"],
  ]);
  const groups = catalogOf(services, operations);

  test("has every service, gRPC's own last, also those that are not described", () => {
    expect(groups.map(({ name, methods, problem }) => [name, methods.length, problem])).toEqual([
      ["a.Unknown", 0, "not found"],
      ["routeguide.RouteGuide", 4, null],
      ["grpc.health.v1.Health", 0, "not found"],
    ]);
  });

  test("finds a method by its name with a slash or a dot", () => {
    for (const id of [
      "routeguide.RouteGuide/GetFeature",
      "routeguide.RouteGuide.GetFeature",
      "/routeguide.RouteGuide/GetFeature",
    ])
      expect(findMethod(groups, id)?.desc).toBe(RouteGuide.method.getFeature);
    expect(findMethod(groups, "GetFeature")).toBeNull();
  });

  test("finds methods by every word in names, messages and kinds", () => {
    const found = (text: string) => searchCatalog(groups, text).flatMap((g) => g.methods.map((m) => m.desc.name));
    expect(found("guide get")).toEqual(["GetFeature"]);
    expect(found("RouteGuide/List")).toEqual(["ListFeatures"]);
    expect(found("summary")).toEqual(["RecordRoute"]);
    expect(found("bidirectional")).toEqual(["RouteChat"]);
    expect(found("nothing")).toEqual([]);
    expect(searchCatalog(groups, "unknown").map(({ name }) => name)).toEqual(["a.Unknown"]);
    expect(searchCatalog(groups, " ").length).toBe(3);
  });

  test("splits names at the last dot", () => {
    expect(splitName("a.b.C")).toEqual({ short: "C", pack: "a.b" });
    expect(splitName("Cal")).toEqual({ short: "Cal", pack: "" });
  });
});
