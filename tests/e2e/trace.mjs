// What the UI thread is busy with, from Chromium's own trace.

/** Milliseconds of the longest task of the page's UI thread while `body` runs: processor time, which other programs do not lengthen. */
export async function longestTask(browser, page, body) {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline"] });
  let trace;
  try {
    await body();
  } finally {
    trace = JSON.parse((await browser.stopTracing()).toString());
  }
  const events = trace.traceEvents ?? trace;
  const named = (name) => events.filter((event) => event.name === name);
  const threads = named("thread_name").filter(({ args }) => args.name === "CrRendererMain");
  const tasks = named("RunTask").filter(({ pid, tid }) => threads.some((thread) => thread.pid === pid && thread.tid === tid));
  if (tasks.length === 0) throw new Error("the trace has no task of the UI thread");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}
