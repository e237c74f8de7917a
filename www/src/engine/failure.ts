/** Errors with a stable code and one sentence, the same on both sides of the worker boundary. */

/** What crosses the worker boundary when a call fails. */
export interface FailureMessage {
  code: string;
  message: string;
}

export class Failure extends Error implements FailureMessage {
  override name = "Failure";

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Turns anything thrown into a code and a sentence; what the engine throws has both already. */
export function describe(thrown: unknown): FailureMessage {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && typeof thrown.code === "string") {
    return { code: thrown.code, message: "message" in thrown ? String(thrown.message) : thrown.code };
  }
  if (thrown instanceof RangeError && /alloc|memory/i.test(thrown.message)) {
    return { code: "out-of-memory", message: "The engine stopped: the browser has no memory left for it." };
  }
  if (thrown instanceof WebAssembly.RuntimeError) {
    return { code: "engine-stopped", message: `The engine stopped (${thrown.message}).` };
  }
  return { code: "unexpected", message: thrown instanceof Error ? thrown.message : String(thrown) };
}
