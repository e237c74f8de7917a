// The engine's worker as a test wants it: calls of it that fail, or say nothing.

/** Makes the next call of one of the engine's functions fail, as the engine itself would: a code and a sentence. */
export function failOnce(page, name, code, message) {
  return page.addInitScript(
    ([name, code, message]) => {
      let left = 1;
      const Real = globalThis.Worker;
      globalThis.Worker = class extends Real {
        postMessage(call, ...rest) {
          // Comlink's messages: what is called, and the number that the answer bears.
          if (call?.path?.[0] !== name || left-- <= 0) return super.postMessage(call, ...rest);
          const data = { id: call.id, type: "HANDLER", name: "throw", value: { isError: false, value: { code, message } } };
          this.dispatchEvent(new MessageEvent("message", { data }));
        }
      };
    },
    [name, code, message],
  );
}
