/** The deviation, a verdict in words, and a gauge with floor and ceiling. */

import { h } from "../dom";
import { percent, short } from "../draw/scale";
import type { Baselines } from "../manifest";
import type { Sample, Verdict } from "../sample";
import { shown } from "../state";
import { type View, watching } from "../store";

export function createVerdict(root: HTMLElement): View[] {
  const figure = h("strong", { "data-testid": "deviation" }, "–");
  const word = h("span", { class: "word", "data-testid": "verdict" });
  const sentence = h("p", { class: "sentence", "aria-live": "polite" });
  const others = h("p", { class: "others" });
  const zone = h("span", { class: "zone" });
  const pointer = h("span", { class: "pointer", hidden: true });
  const marks = h("div", { class: "marks" });
  const gauge = h("div", { class: "gauge", role: "img" }, zone, marks, pointer);
  const legend = h("p", { class: "legend" });
  root.append(
    h("h2", {}, "Deviation from the wave equation"),
    h("div", { class: "headline" }, figure, word, others),
    gauge,
    legend,
    sentence,
  );

  return [
    watching(
      (state) => [shown(state), state.baselines],
      (sample, baselines) => {
        const verdict = sample?.verdict ?? null;
        const latest = latestOf(sample);
        figure.textContent = latest === undefined ? "–" : latest.toFixed(3);
        figure.classList.toggle("forming", verdict === null);
        if (verdict) figure.dataset.value = String(verdict.deviation);
        else delete figure.dataset.value;
        root.dataset.consistent = verdict ? String(verdict.consistent) : "";
        word.textContent = verdict ? (verdict.consistent ? "consistent" : "not consistent") : "";
        sentence.textContent = sentenceFor(sample, verdict, baselines);
        others.textContent = verdict ? `SSIM ${verdict.ssim.toFixed(3)} · MSE ${short(verdict.mse)}` : "";
      },
    ),
    watching(
      (state) => [state.baselines],
      (baselines) => {
        if (!baselines) return;
        const range = gaugeRange(baselines);
        zone.style.width = `${percent(baselines.floorP90, range)}%`;
        const { floorMedian, floorP90, ceilingMedian } = baselines;
        marks.replaceChildren(
          mark(floorMedian, range, "floor"),
          mark(floorP90, range, "limit"),
          mark(ceilingMedian, range, "ceiling"),
        );
        legend.replaceChildren(
          h(
            "span",
            { title: EXPLAINED.floor },
            "floor: median ",
            figureOf(floorMedian),
            ", 90 % below ",
            figureOf(floorP90),
          ),
          h("span", { title: EXPLAINED.ceiling }, "ceiling ", figureOf(ceilingMedian)),
        );
      },
    ),
    watching(
      (state) => [latestOf(shown(state)) ?? null, state.baselines],
      (deviation, baselines) => {
        pointer.hidden = deviation === null || baselines === null;
        if (deviation === null || baselines === null) return;
        pointer.style.left = `${percent(deviation, gaugeRange(baselines))}%`;
        gauge.setAttribute(
          "aria-label",
          `Deviation ${short(deviation)}; floor ${short(baselines.floorMedian)} (90th percentile ${short(baselines.floorP90)}), ceiling ${short(baselines.ceilingMedian)}`,
        );
      },
    ),
  ];
}

/** The pair's deviation, or that of the last step which was checked. */
const latestOf = (sample: Sample | null) => sample?.verdict?.deviation ?? sample?.path.at(-1)?.deviation;

/** The gauge ends a little beyond the ceiling. */
const gaugeRange = ({ ceilingMedian, floorP90 }: Baselines) => [0, 1.1 * Math.max(ceilingMedian, floorP90)] as const;

const EXPLAINED = {
  floor: "Floor: true pairs after a pass through the model's own autoencoders",
  limit: "A pair at most this far from the wave equation is called consistent",
  ceiling: "Ceiling: the data of one pair held against the map of another",
};

const figureOf = (value: number) => h("b", {}, short(value));

function mark(value: number, range: readonly [number, number], kind: keyof typeof EXPLAINED): HTMLElement {
  const style = `left: ${percent(value, range)}%`;
  return h("span", { class: `mark ${kind}`, style, title: EXPLAINED[kind] });
}

function sentenceFor(sample: Sample | null, verdict: Verdict | null, baselines: Baselines | null): string {
  if (!verdict || !baselines) {
    return sample?.origin === "forming"
      ? "The pair is still forming; the simulator has the last word."
      : sample?.origin === "passing"
        ? `What the latent decoded into after step ${sample.step} of ${sample.steps}, held against the waves of its own map.`
        : sample?.origin === "stopped"
          ? "The pair was not finished."
          : "Misfit of generated and simulated data, as a share of the simulated data.";
  }
  if (verdict.consistent)
    return "They agree as well as nine in ten true pairs do after a pass through the model's own autoencoders.";
  if (verdict.deviation < baselines.ceilingMedian)
    return "Better than a mismatched pair, but worse than nine in ten true pairs after a pass through the model's own autoencoders.";
  return "No better than the data of one pair held against the map of another.";
}
