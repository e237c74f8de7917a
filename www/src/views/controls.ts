/** The form: what to generate, start and stop, and how far it is. */

import { find, h } from "../dom";
import { remaining } from "../progress";
import { GALLERY, type Mode } from "../settings";
import type { Phase, State } from "../state";
import { type View, watching } from "../store";
import { LIMITS } from "../url";
import type { Commands } from "./commands";
import { canInvertDrawing, drawingText } from "./drawing";
import { dataThere } from "./inversion";

/** Whether there is what the mode works on. */
const canBegin = (state: State): boolean => {
  const { mode } = state.settings;
  return (mode !== "draw" || canInvertDrawing(state)) && (mode !== "invert" || dataThere(state));
};

/** Value of the family menu's first entry, which is no family's name. */
const ANY_FAMILY = "";

/** What the ground of a family looks like, by what its name begins with. */
const GROUNDS: Record<string, string> = {
  FlatVel: "Level layers",
  CurveVel: "Curved layers",
  FlatFault: "Level layers, faults",
  CurveFault: "Curved layers, faults",
  Style: "Smooth",
};

/** The families in the order in which they are named, under what they look like. */
function familyOptions(families: readonly string[]): HTMLElement[] {
  const groundOf = (family: string) => GROUNDS[family.split("-")[0] ?? ""] ?? "Others";
  const option = (name: string) => h("option", { value: name }, name);
  return [...new Set(families.map(groundOf))].map((ground) =>
    h("optgroup", { label: ground }, ...families.filter((family) => groundOf(family) === ground).map(option)),
  );
}

/** What the button does. */
const LABELS: Record<Mode, string> = {
  generate: "Generate",
  gallery: `Generate ${GALLERY}`,
  invert: "Invert",
  draw: "Invert what was drawn",
  morph: "Morph",
};

const PHASES: Record<Phase, string> = {
  loading: "Loading",
  skipped: "The engine is not loaded",
  ready: "Ready",
  running: "Running",
  done: "Done",
  error: "Stopped",
};

export function createControls(form: HTMLFormElement, commands: Commands): View[] {
  const named = <T extends HTMLElement>(name: string) => find<T>(`[name="${name}"]`, form);
  const family = named<HTMLSelectElement>("family");
  const seed = named<HTMLInputElement>("seed");
  const steps = named<HTMLInputElement>("steps");
  const guidance = named<HTMLInputElement>("guidance");
  const path = named<HTMLInputElement>("path");
  const maps = named<HTMLInputElement>("maps");
  const spread = named<HTMLInputElement>("spread");
  const rounds = named<HTMLInputElement>("rounds");
  const toward = named<HTMLInputElement>("toward");
  const points = named<HTMLInputElement>("points");
  const generate = named<HTMLButtonElement>("generate");
  const cancel = named<HTMLButtonElement>("cancel");
  const skip = named<HTMLButtonElement>("skip");
  const progress = find<HTMLProgressElement>("progress", form);
  const status = find("[data-testid=status]", form);

  for (const [input, [least, most]] of [
    [seed, LIMITS.seed],
    [steps, LIMITS.steps],
    [guidance, LIMITS.guidance],
    [maps, LIMITS.maps],
    [spread, LIMITS.spread],
    [rounds, LIMITS.rounds],
    [toward, LIMITS.seed],
    [points, LIMITS.points],
  ] as const) {
    input.min = String(least);
    input.max = String(most);
  }

  family.addEventListener("change", () => commands.set({ family: family.value === ANY_FAMILY ? null : family.value }));
  seed.addEventListener("input", () => {
    if (seed.validity.valid) commands.set({ seed: seed.valueAsNumber });
  });
  steps.addEventListener("input", () => commands.set({ steps: steps.valueAsNumber }));
  guidance.addEventListener("input", () => commands.set({ guidance: guidance.valueAsNumber }));
  maps.addEventListener("input", () => commands.set({ maps: maps.valueAsNumber }));
  spread.addEventListener("input", () => commands.set({ spread: spread.valueAsNumber }));
  rounds.addEventListener("input", () => commands.set({ rounds: rounds.valueAsNumber }));
  toward.addEventListener("input", () => {
    if (toward.validity.valid) commands.set({ toward: toward.valueAsNumber });
  });
  points.addEventListener("input", () => commands.set({ points: points.valueAsNumber }));
  path.addEventListener("change", () => commands.set({ path: path.checked }));
  named("dice").addEventListener("click", () => commands.set({ seed: Math.floor(Math.random() * 1_000_000) }));
  /** Whether the focus is, or was until it was pressed, on the button that the end of a run takes away. */
  let onCancel = false;
  cancel.addEventListener("click", () => {
    onCancel = document.activeElement === cancel;
    cancel.disabled = true;
    commands.cancel();
  });
  skip.addEventListener("click", () => commands.skip());
  let missing = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (generate.disabled) return;
    if (missing) commands.load();
    else commands.run();
  });
  let began = 0;

  return [
    watching(
      (state) => [state.families, state.settings.family],
      (families, chosen) => {
        const any = h("option", { value: ANY_FAMILY }, "any family");
        family.replaceChildren(any, ...familyOptions(families));
        family.value = chosen ?? ANY_FAMILY;
      },
    ),
    watching(
      (state) => [state.settings],
      (settings) => {
        if (seed.valueAsNumber !== settings.seed) seed.value = String(settings.seed);
        steps.value = String(settings.steps);
        guidance.value = String(settings.guidance);
        path.checked = settings.path;
        maps.value = String(settings.maps);
        spread.value = String(settings.spread);
        rounds.value = String(settings.rounds);
        find("[name=maps-shown]", form).textContent = String(settings.maps);
        find("[name=spread-shown]", form).textContent = settings.spread.toFixed(2);
        find("[name=rounds-shown]", form).textContent = roundsText(settings.rounds);
        if (toward.valueAsNumber !== settings.toward) toward.value = String(settings.toward);
        points.value = String(settings.points);
        find("[name=points-shown]", form).textContent = String(settings.points);
        find("[name=steps-shown]", form).textContent = String(settings.steps);
        find("[name=guidance-shown]", form).textContent = settings.guidance.toFixed(1);
      },
    ),
    watching(
      (state) => [state.phase, state.settings.mode, state.engine !== null && canBegin(state)],
      (phase, mode, can) => {
        const running = phase === "running";
        if (running) began = performance.now();
        missing = phase === "skipped";
        const onGenerate = document.activeElement === generate;
        onCancel ||= document.activeElement === cancel;
        generate.textContent = missing ? "Load the engine" : LABELS[mode];
        generate.hidden = running;
        generate.disabled = running || !(can || missing);
        skip.hidden = phase !== "loading";
        cancel.hidden = !running;
        cancel.disabled = false;
        if (running && onGenerate) cancel.focus();
        else if (!running && onCancel) generate.focus();
        if (!running) onCancel = false;
        status.dataset.state = phase;
      },
    ),
    watching(
      (state) => [state.progress],
      (now) => {
        progress.hidden = now === null;
        if (now === null || now.fraction === null) progress.removeAttribute("value");
        else progress.value = now.fraction;
      },
    ),
    watching(
      (state) => [statusText(state, began)],
      (text) => {
        status.textContent = text;
      },
    ),
  ];
}

const roundsText = (rounds: number): string =>
  rounds === 0 ? "off" : `${rounds} ${rounds === 1 ? "round" : "rounds"}`;

function statusText(state: State, began: number): string {
  const { phase, progress, sample, settings } = state;
  if (progress) {
    const left = phase === "running" ? remaining(performance.now() - began, progress.fraction) : "";
    return progress.label + left;
  }
  if (settings.mode === "draw" && phase !== "error") return drawingText(state);
  if (phase === "ready" && settings.mode === "generate" && sample?.origin === "stopped")
    return `Cancelled after step ${sample.step} of ${sample.steps}`;
  return PHASES[phase];
}
