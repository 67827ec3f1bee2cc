import { expect, test } from "vitest";
import { documentTable } from "./document.js";
import { SYSCALLS } from "./table.js";

test("docs/sandbox-syscalls.md is what the table says", async () => {
  await expect(documentTable()).toMatchFileSnapshot("../../../../docs/sandbox-syscalls.md");
});

test("every call of the table is in the document", () => {
  const words = new Set(documentTable().split(/[^\w]+/));
  expect(SYSCALLS.filter((row) => !words.has(row.name)).map((row) => row.name)).toEqual([]);
});
