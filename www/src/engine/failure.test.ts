import { expect, it, describe as suite } from "vitest";
import { describe, Failure } from "./failure";

suite("a failure", () => {
  it("keeps the code and the sentence that it has", () => {
    expect(describe(new Failure("bad-file", "It has no header."))).toMatchObject({
      code: "bad-file",
      message: "It has no header.",
    });
  });

  it.each(["Array buffer allocation failed", "WebAssembly.Memory(): could not allocate memory"])(
    "says that memory is missing: %s",
    (message) => {
      expect(describe(new RangeError(message)).code).toBe("out-of-memory");
    },
  );

  it("is no lack of memory where an index is out of range", () => {
    expect(describe(new RangeError("Invalid array length")).code).toBe("unexpected");
  });

  it("says that the engine has stopped", () => {
    expect(describe(new WebAssembly.RuntimeError("unreachable")).code).toBe("engine-stopped");
  });
});
