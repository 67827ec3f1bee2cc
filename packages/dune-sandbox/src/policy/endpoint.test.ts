import { describe, expect, it } from "vitest";
import { readEndpoint } from "./endpoint.js";

describe("readEndpoint", () => {
  it.each([
    ["example.org:443", "example.org", 443],
    ["Example.ORG:443", "example.org", 443],
    ["localhost:5432", "localhost", 5432],
    ["93.184.216.34:1", "93.184.216.34", 1],
    ["my_host-1:65535", "my_host-1", 65_535],
    ["xn--bcher-kva.example:80", "xn--bcher-kva.example", 80],
  ])("reads %s", (text, host, port) => {
    expect(readEndpoint(text)).toEqual({ value: { host, port } });
  });

  it.each([
    ["example.org", /lacks the port, as in "example.org:443"/],
    [":443", /lacks the host/],
    ["example.org:", /port between/],
    ["example.org:0", /port between/],
    ["example.org:65536", /port between/],
    ["example.org:443x", /port between/],
    ["example.org: 443", /port between/],
    ["*.example.org:443", /wildcard.*spelled out/],
    ["*:443", /wildcard/],
    ["[::1]:443", /IPv6/],
    ["::1:443", /IPv6/],
    ["https://example.org", /as in "example.org:443"/],
    ["http://example.org/x", /as in "example.org:80"/],
    ["https://example.org:8443/", /as in "example.org:8443"/],
    ["bücher.example:443", /"xn--bcher-kva.example"/],
    ["exa mple.org:443", /not a valid name/],
    ["example.org.:443", /not a valid name/],
    ["-x.org:443", /not a valid name/],
    [`${"a".repeat(64)}.org:443`, /not a valid name/],
    ["example.org\0.evil.org:443", /not a valid name/],
    ["user@example.org:443", /not a valid name/],
    ["127.1:80", /four numbers/],
    ["2130706433:80", /four numbers/],
    ["0x7f000001:80", /four numbers/],
    ["0177.0.0.1:80", /four numbers/],
    ["1.2.3.256:80", /four numbers/],
    ["0.0.0.0:80", /localhost/],
    ["224.0.0.1:80", /multicast/],
  ])("refuses %s", (text, problem) => {
    expect(readEndpoint(text)).toEqual({ problem: expect.stringMatching(problem) as string });
  });
});
