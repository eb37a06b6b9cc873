import { expect, test } from "vitest";
import { decodeHistory, type Past, remembered } from "./history";
import { deadlineOf, isSecret, pairsOf, problemOfPair } from "./metadata";

function past(n: number, more: Partial<Past> = {}): Past {
  return {
    method: "Cal/Add",
    messages: [`{"number1":${n}}`],
    metadata: [],
    deadline: "",
    began: n,
    ms: 1,
    code: 0,
    ...more,
  };
}

test("the history has the newest calls first, each one once, and not too many", () => {
  let list: Past[] = [];
  for (let n = 0; n < 60; n++) list = remembered(list, past(n));
  expect(list.length).toBe(50);
  expect(list[0]?.began).toBe(59);
  list = remembered(list, { ...past(20), began: 100 });
  expect(list.length).toBe(50);
  expect(list.filter((p) => p.messages[0] === '{"number1":20}').map((p) => p.began)).toEqual([100]);
});

test("the history keeps neither long messages for ever nor secrets", () => {
  const long = "x".repeat(150_000);
  const list = remembered(remembered([], past(1, { messages: [long] })), past(2, { messages: [`${long}y`] }));
  expect(list.map((p) => p.began)).toEqual([2]);
  const metadata = [
    { name: "authorization", value: "Bearer 1" },
    { name: "traveler", value: "Zoe" },
  ];
  expect(remembered([], past(1, { metadata }))[0]?.metadata.map((pair) => pair.value)).toEqual(["", "Zoe"]);
  expect(remembered([], past(1, { messages: Array(30).fill("{}") }))[0]?.messages.length).toBe(20);
});

test("the history is read back as it was written, and nothing else is", () => {
  const list = [past(1), past(2)];
  expect(decodeHistory(JSON.stringify(list))).toEqual(list);
  expect(decodeHistory('[null, 5, {"method":"a"}, {"method":1}]')).toEqual([]);
  expect(decodeHistory("{")).toBeNull();
  expect(decodeHistory("{}")).toBeNull();
});

test.each([
  ["traveler", "Zoe", null],
  ["", "", null],
  ["Traveler", "", null],
  ["", "x", "A name is made of letters, digits and - _ ."],
  ["a b", "x", "A name is made of letters, digits and - _ ."],
  ["grpc-timeout", "1S", "Names with grpc- are gRPC's own"],
  ["traveler", "Zoë", "A value is printable ASCII"],
  ["x-bin", "AAE=", null],
  ["x-bin", "no!", "A -bin value is base64"],
])("metadata %j: %j", (name, value, problem) => expect(problemOfPair({ name, value })).toBe(problem));

test("metadata goes out in small letters, without empty rows", () => {
  expect(
    pairsOf([
      { name: "Traveler", value: "Z" },
      { name: "", value: "" },
    ]),
  ).toEqual([{ name: "traveler", value: "Z" }]);
  expect(["Authorization", "x-api-key", "session-token", "resume-token"].every(isSecret)).toBe(true);
  expect(isSecret("traveler")).toBe(false);
});

test.each([
  ["", null],
  ["1.5", 1500],
  ["0", NaN],
  ["-1", NaN],
  ["soon", NaN],
  ["1e9", NaN],
])("a deadline of %j", (text, ms) => expect(deadlineOf(text)).toBe(ms));
