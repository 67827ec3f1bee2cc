import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAddress, endpointText, isLocal } from "./sockaddr.js";

const inet = (host: readonly number[], port: number): Uint8Array =>
  Uint8Array.from([2, 0, port >> 8, port & 0xff, ...host, 0, 0, 0, 0, 0, 0, 0, 0]);
const inet6 = (host: readonly number[], port: number): Uint8Array =>
  Uint8Array.from([10, 0, port >> 8, port & 0xff, 0, 0, 0, 0, ...host, 0, 0, 0, 0]);
const unix = (path: string): Uint8Array => Uint8Array.from([1, 0, ...new TextEncoder().encode(path)]);

describe("decoding", () => {
  test("IPv4: the port is big-endian, the family is not", () => {
    expect(decodeAddress(inet([192, 0, 2, 1], 443))).toEqual({ family: "ipv4", host: "192.0.2.1", port: 443 });
  });

  test("IPv6 in its shortest form", () => {
    const address = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(decodeAddress(inet6(address, 80))).toEqual({ family: "ipv6", host: "2001:db8::1", port: 80 });
  });

  test("IPv4 written as IPv6", () => {
    expect(decodeAddress(inet6([...Array<number>(10).fill(0), 0xff, 0xff, 192, 0, 2, 1], 80))).toEqual({ family: "ipv4", host: "192.0.2.1", port: 80 });
  });

  test("a unix path ends at the first NUL or at the end of the structure", () => {
    expect(decodeAddress(unix("/run/x\0garbage"))).toEqual({ family: "unix", path: "/run/x" });
    expect(decodeAddress(unix("/run/x"))).toEqual({ family: "unix", path: "/run/x" });
  });

  test("abstract and unnamed unix sockets have no path", () => {
    expect(decodeAddress(unix("\0dbus"))).toEqual({ family: "abstract", name: "dbus" });
    expect(decodeAddress(unix(""))).toEqual({ family: "abstract", name: "" });
  });

  test("any bytes of any length decode or are refused, and a view into a larger buffer is respected", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 28 }), fc.nat(8), (bytes, offset) => {
      const larger = new Uint8Array(offset + bytes.length + 4).fill(0xaa);
      larger.set(bytes, offset);
      expect(decodeAddress(larger.subarray(offset, offset + bytes.length))).toEqual(decodeAddress(bytes));
    }));
    expect(decodeAddress(inet([1, 2, 3, 4], 5).subarray(0, 7))).toBeUndefined();
  });
});

test("an endpoint is written as URLs and ssh do", () => {
  expect(endpointText("192.0.2.1", 443)).toBe("192.0.2.1:443");
  expect(endpointText("2001:db8::1", 443)).toBe("[2001:db8::1]:443");
});

test("loopback and any are local, nothing else is", () => {
  expect(["127.0.0.1", "127.255.0.1", "0.0.0.0", "::1", "::"].every(isLocal)).toBe(true);
  expect(["128.0.0.1", "12.7.0.1", "::2", "2001:db8::1"].some(isLocal)).toBe(false);
});
