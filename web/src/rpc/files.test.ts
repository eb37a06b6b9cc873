import { expect, test } from "vitest";
import { readAnswers } from "./files";

test("the numbers are the last ones, the routes all of them", () => {
  const lines = [
    '{"result":{"byteCount":"10","pointCount":"3","routes":["a"]}}',
    '{"result":{"byteCount":"20","pointCount":"5","duplicateCount":"1","routes":["b"]}}',
    '{"result":{"byteCou',
  ];
  expect(readAnswers(lines.join("\n"))).toEqual({
    routes: ["a", "b"],
    points: 5,
    duplicates: 1,
    bytes: 20,
    error: null,
  });
});

test("an error is found after results, and alone", () => {
  const after = '{"result":{"routes":["a"]}}\n{"error":{"code":3,"message":"line 7: no longitude"}}';
  expect(readAnswers(after)).toMatchObject({ routes: ["a"], error: "line 7: no longitude" });
  expect(readAnswers('{"code":3,"message":"data: it is no file of routes","details":[]}').error).toBe(
    "it is no file of routes",
  );
});
