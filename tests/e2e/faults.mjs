// Faults of a browser, brought about on purpose.

/** Runs `source` in the engine's worker before the worker's own script. */
export function inWorker(page, source) {
  return page.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${source}\n${await response.text()}` });
  });
}

export const NO_WEBGPU = "delete WorkerNavigator.prototype.gpu;";

export const NO_ADAPTER = "GPU.prototype.requestAdapter = async () => null;";

/** Adapters that offer less than the real one. */
export const lesser = (limits) => `{
  const { get } = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "limits");
  const lesser = ${JSON.stringify(limits)};
  Object.defineProperty(GPUAdapter.prototype, "limits", {
    get() {
      const all = get.call(this);
      return Object.fromEntries(Object.keys(GPUSupportedLimits.prototype).map((name) => [name, lesser[name] ?? all[name]]));
    },
  });
}`;

/** Adapters without one of their features. */
export const without = (feature) => `{
  const { get } = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "features");
  Object.defineProperty(GPUAdapter.prototype, "features", {
    get() {
      return new Set([...get.call(this)].filter((name) => name !== ${JSON.stringify(feature)}));
    },
  });
}`;

/** Takes `count` devices away, each when it has been given so many submissions, from the start or since `loseThemNow`. */
export const loseDevices = (count, submissions, begun = false) => `{
  let left = ${count};
  let begun = ${begun};
  new BroadcastChannel("lose").onmessage = () => {
    begun = true;
  };
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    const { submit } = GPUQueue.prototype;
    let done = 0;
    device.queue.submit = function (...buffers) {
      submit.apply(this, buffers);
      if (!begun || left === 0) return;
      done += 1;
      if (done === ${submissions}) {
        left -= 1;
        device.destroy();
      }
    };
    return device;
  };
}`;

/** Lets `loseDevices` begin: the engine has been loaded, and ran once while it was. */
export const loseThemNow = (page) => page.evaluate(() => new BroadcastChannel("lose").postMessage("now"));

/** Ends the worker when told so. */
export const MORTAL = `new BroadcastChannel("end").onmessage = () => self.close();`;

/** Ends a worker that is \`MORTAL\`, as a browser short of memory does. */
export const endWorker = (page) => page.evaluate(() => new BroadcastChannel("end").postMessage("now"));
