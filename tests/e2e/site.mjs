// The built page, and what opens it, for a suite of tests.

import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { serve } from "./server.mjs";

/** The built page. */
const DIST = fileURLToPath(new URL("../../www/dist/", import.meta.url));

/** The built page on a server and a browser to open it, both there while the tests of a suite run. */
export function openSite({ gpu }) {
  let server;
  let browser;
  before(async () => {
    server = await serve(DIST);
    browser = await launch({ gpu });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  return {
    get address() {
      return server.address;
    },
    get browser() {
      return browser;
    },
    /** Takes the server away. */
    disconnect: () => server.close(),
  };
}
