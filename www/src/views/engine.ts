/** Which backend computes, on what, and why not WebGPU. */

import { h } from "../dom";
import type { Phase } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

/** What stands where the engine's name will. */
const MISSING: Partial<Record<Phase, string>> = {
  loading: "the engine is loading",
  skipped: "without the engine: this is an example that was computed before",
};

export function createEngineBadge(root: HTMLElement): View {
  const name = h("b", { "data-testid": "backend" });
  const adapter = h("span", { class: "adapter" });
  const reason = h("p", { class: "reason", "data-testid": "fallback" });
  const badge = h("p", { class: "badge" }, "computed here by ", name, adapter);
  const kept = h("p", { class: "reason", "data-testid": "kept" }, "kept for use offline");
  root.append(badge, reason, kept);
  return watching(
    (state) => [state.engine, state.phase, state.kept],
    (engine, phase, offline) => {
      badge.hidden = engine === null;
      name.textContent = engine?.backend ?? "";
      adapter.textContent = engine?.adapter ? ` on ${engine.adapter}` : "";
      // Its line is there before, so that nothing moves.
      kept.style.visibility = offline ? "visible" : "hidden";
      reason.textContent = engine ? (engine.fallback ?? "") : (MISSING[phase] ?? "");
    },
  );
}

/** What went wrong, and a button to try again where the engine is missing for it. */
export function createErrorLine(root: HTMLElement, commands: Commands): View {
  const retry = h("button", { type: "button", "data-testid": "retry" }, "Try again");
  retry.addEventListener("click", () => commands.load());
  return watching(
    (state) => [state.error, state.engine === null && state.phase === "error"],
    (error, stopped) => {
      root.hidden = error === null;
      root.replaceChildren(
        ...(error ? [error.message, " ", h("code", {}, error.code), ...(stopped ? [retry] : [])] : []),
      );
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
