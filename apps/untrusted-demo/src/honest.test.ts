import { describe, expect, test } from "vitest";
import { agrees, parseSummary, summarize } from "./honest.js";
import { MEASUREMENTS, measurementsCsv } from "./measurements.js";

const line = (station: string, count: number, mean: number, median: number) => ({ station, count, mean, median });

describe("summarize", () => {
  test("takes the middle value of an odd number as median, and stations in the order of their first line", () => {
    const csv = "station,time,celsius\nB,t,3.0\nA,t,-7.5\nB,t,1.0\nB,t,8.0\n";
    expect(summarize(csv)).toEqual([line("B", 3, 4, 3), line("A", 1, -7.5, -7.5)]);
  });

  test("takes half way between the two middle values of an even number", () => {
    expect(summarize("station,time,celsius\nA,t,10\nA,t,2\nA,t,4\nA,t,-1\n")).toEqual([line("A", 4, 3.75, 3)]);
  });

  test("has nothing to say about a heading alone", () => {
    expect(summarize("station,time,celsius\n")).toEqual([]);
  });
});

describe("agreement", () => {
  const expected = [line("A", 3, 1 / 3, 0.5)];

  test("allows for three decimals and no more", () => {
    expect(agrees(parseSummary("station,count,mean,median\nA,3,0.333,0.500\n"), expected)).toBe(true);
    expect(agrees(parseSummary("station,count,mean,median\nA,3,0.334,0.500\n"), expected)).toBe(false);
  });

  test.each([
    ["nothing", ""],
    ["another count", "h\nA,4,0.333,0.500\n"],
    ["another median", "h\nA,3,0.333,0.600\n"],
    ["another station", "h\nB,3,0.333,0.500\n"],
    ["a station too many", "h\nA,3,0.333,0.500\nB,1,0,0\n"],
    ["text instead of numbers", "h\nA,x,y,z\n"],
  ])("does not accept %s", (_, csv) => {
    expect(agrees(parseSummary(csv), expected)).toBe(false);
  });
});

describe("the measurements", () => {
  test("are the same every time", () => {
    expect(measurementsCsv()).toBe(measurementsCsv());
  });

  test("are as many as promised, each a station, a time and a temperature with one decimal", () => {
    const [heading, ...rows] = measurementsCsv().trimEnd().split("\n");
    expect(heading).toBe("station,time,celsius");
    expect(rows).toHaveLength(MEASUREMENTS);
    for (const row of rows) expect(row).toMatch(/^[A-Z][a-z]+,\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z,-?\d+\.\d$/);
  });
});
