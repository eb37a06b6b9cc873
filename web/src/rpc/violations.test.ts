import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { fieldErrors } from "./features";
import { violationsOf } from "./violations";

/** google.rpc.BadRequest on the wire: a violation each. */
function refused(...violations: [field: string, description: string][]): ConnectError {
  const text = (number: number, value: string) => {
    const bytes = new TextEncoder().encode(value);
    return [8 * number + 2, bytes.length, ...bytes];
  };
  const value = violations.flatMap(([field, description]) => {
    const violation = [...text(1, field), ...text(2, description)];
    return [10, violation.length, ...violation];
  });
  const failure = new ConnectError("no", Code.InvalidArgument);
  failure.details = [{ type: "google.rpc.BadRequest", value: Uint8Array.from(value) }];
  return failure;
}

test("what is wrong with fields is read from an error", () => {
  expect(violationsOf(refused(["a.b", "too long"], ["c", "is required"]))).toEqual([
    { field: "a.b", description: "too long" },
    { field: "c", description: "is required" },
  ]);
  expect(violationsOf(new ConnectError("no", Code.Internal))).toEqual([]);
  expect(violationsOf(new TypeError("no"))).toEqual([]);
});

test("a violation is said at the feature's field that it is about", () => {
  const failure = refused(
    ["feature.web_address", "is no http address"],
    ["feature.location.latitude", "is out of range"],
    ["update_mask", "has no such field"],
  );
  expect(fieldErrors(failure)).toEqual({ webAddress: "is no http address", point: "is out of range" });
});
