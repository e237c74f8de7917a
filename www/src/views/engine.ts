/** Which backend computes, on what, and why not WebGPU. */

import { h } from "../dom";
import { type View, watching } from "../store";

export function createEngineBadge(root: HTMLElement): View {
  const name = h("b", { "data-testid": "backend" });
  const adapter = h("span", { class: "adapter" });
  const reason = h("p", { class: "reason", "data-testid": "fallback" });
  const badge = h("p", { class: "badge" }, "computed here by ", name, adapter);
  root.append(badge, reason);
  return watching(
    (state) => [state.engine, state.phase],
    (engine, phase) => {
      badge.hidden = engine === null;
      name.textContent = engine?.backend ?? "";
      adapter.textContent = engine?.adapter ? ` on ${engine.adapter}` : "";
      reason.textContent = engine ? (engine.fallback ?? "") : phase === "error" ? "" : "the engine is loading";
    },
  );
}

export function createErrorLine(root: HTMLElement): View {
  return watching(
    (state) => [state.error],
    (error) => {
      root.hidden = error === null;
      root.replaceChildren(...(error ? [error.message, " ", h("code", {}, error.code)] : []));
    },
  );
}

/** Dims the earlier pair until the first step of the next one is there. */
export function createFreshness(root: HTMLElement): View {
  return watching(
    (state) => [state.phase === "running" && state.settings.mode === "generate" && state.sample?.origin !== "forming"],
    (stale) => {
      root.classList.toggle("stale", stale);
    },
  );
}
