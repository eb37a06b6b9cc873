import { expect, test } from "vitest";
import { readAnswers } from "./files";

test("results are read as far as they have come", () => {
  const lines = [
    '{"result":{"byteCount":"10","pointCount":"3","routes":["a"]}}',
    '{"result":{"byteCount":"20","pointCount":"5","duplicateCount":"1","routes":["b"]}}',
    '{"result":{"byteCou',
  ];
  expect(readAnswers(lines.join("\n"))).toEqual({
    results: [
      { byteCount: "10", pointCount: "3", routes: ["a"] },
      { byteCount: "20", pointCount: "5", duplicateCount: "1", routes: ["b"] },
    ],
    error: null,
  });
});

test("an error is found after results, and alone", () => {
  const after = '{"result":{"routes":["a"]}}\n{"error":{"code":3,"message":"line 7: no longitude"}}';
  expect(readAnswers(after)).toEqual({ results: [{ routes: ["a"] }], error: "line 7: no longitude" });
  expect(readAnswers('{"code":3,"message":"data: it is no file of routes","details":[]}').error).toBe(
    "it is no file of routes",
  );
});
