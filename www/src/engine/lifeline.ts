/**
 * A lock that the engine's worker holds as long as it lives. Browsers do not tell when they end a worker, but they
 * release its locks.
 */

/** Takes the lock, in the worker; gives its name, or null where the browser has no locks. */
export function holdLifeline(): Promise<string | null> {
  const name = `wavediffusion-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  return new Promise((resolve) => {
    const held = () => {
      resolve(name);
      return new Promise<never>(() => undefined);
    };
    // Pages that are not served securely have none.
    if ("locks" in navigator) navigator.locks.request(name, held).catch(() => resolve(null));
    else resolve(null);
  });
}

/** Waits, in the page, until the lock is released. */
export const lifelineEnds = (name: string): Promise<void> => navigator.locks.request(name, () => undefined);
