/** Takes the pair away: as .npy files, as the command that makes it natively, as a link. */

import { h } from "../dom";
import { codeOf } from "../figure/code";
import type { Sample } from "../sample";
import { shown } from "../state";
import { type View, watching } from "../store";
import { type Commands, FIGURES, SAVED } from "./commands";
import { kindName } from "./gather";

/** Pairs whose gathers have all their samples. */
const WHOLE: readonly Sample["origin"][] = ["generated", "inverted", "drawn"];

/** Pairs that the native program makes too. */
const MADE: readonly Sample["origin"][] = ["example", "forming", "stopped", "passing", "generated"];

export function createSave(root: HTMLElement, code: HTMLDialogElement, commands: Commands): View {
  const files = h("span", { "data-testid": "export-npy" }, "Save as .npy: ");
  const buttons = SAVED.map((what) => {
    const button = h("button", { type: "button", "data-testid": `export-${what}` }, what);
    button.addEventListener("click", () => commands.save(what));
    files.append(button);
    return [what, button] as const;
  });
  const command = h("code", { "data-testid": "command" });
  const copyCommand = copier("Copy command", () => command.textContent ?? "", commands);
  const copyLink = copier("Copy link", commands.link, commands);
  const figures = h("span", {}, "Figure: ");
  for (const format of FIGURES) {
    const button = h("button", { type: "button", "data-testid": `export-${format}` }, format.toUpperCase());
    button.addEventListener("click", () => commands.figure(format));
    figures.append(button);
  }
  const qr = h("button", { type: "button", "data-testid": "qr" }, "QR code");
  qr.addEventListener("click", () => void showCode(code, commands.link()));
  const copyCitation = copier("Copy citation", () => CITATION, commands);
  root.append(
    files,
    figures,
    h("span", { class: "native" }, "Natively: ", command, copyCommand),
    h("span", {}, copyLink, qr, copyCitation),
  );

  return watching(
    (state) => [shown(state), state.settings.mode, state.engine !== null && state.phase !== "running"],
    (sample, mode, idle) => {
      const whole = sample !== null && WHOLE.includes(sample.origin);
      for (const [what, button] of buttons) {
        const there = what === "velocity" || sample?.gathers[what];
        button.textContent = kindName(what, mode);
        button.disabled = !whole || !idle || !there;
        button.title = whole
          ? "In OpenFWI's shape"
          : "What is on screen is thinned: a finished pair can be saved whole";
      }
      const text = sample && MADE.includes(sample.origin) ? commandFor(sample) : "";
      command.textContent = text;
      command.parentElement?.toggleAttribute("hidden", text === "");
    },
  );
}

/** Shows a link as a code that phones read. */
async function showCode(dialog: HTMLDialogElement, link: string): Promise<void> {
  const picture = await codeOf(link);
  const { length } = link;
  dialog.replaceChildren(
    picture ?? h("p", {}, `The address has ${length} characters, more than a QR code holds. Copy the link instead.`),
    h("p", { class: "hint" }, picture ? link : "A map that was painted on level layers makes a short one."),
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );
  dialog.showModal();
}

/** The paper that the page implements. */
const CITATION = `@misc{feng2024wavediffusion,
  title         = {{WaveDiffusion}: Joint Latent Diffusion for Physically Consistent Seismic and Velocity Generation},
  author        = {Feng, Yinan and Wang, Hanchen and Chen, Yinpeng and Zhang, Luoyuan and Kang, Jeeun and Wu, Yixuan and
                   Kim, Young Jin and Lin, Youzuo},
  year          = {2024},
  eprint        = {2410.09002},
  archivePrefix = {arXiv},
}`;

/** What the native program is told to make the same pair. */
function commandFor({ family, seed, toward, steps, guidance }: Sample): string {
  const way = toward ? ` --toward ${toward.seed} --fraction ${toward.fraction}` : "";
  return `wavediffusion sample${family ? ` --family ${family}` : ""} --seed ${seed}${way} --steps ${steps} --guidance ${guidance} --out pair`;
}

function copier(name: string, text: () => string, commands: Commands): HTMLElement {
  const button = h("button", { type: "button" }, name);
  button.addEventListener("click", async () => {
    button.textContent = (await commands.copy(text())) ? "Copied" : "Copying is not allowed here";
    setTimeout(() => {
      button.textContent = name;
    }, 1500);
  });
  return button;
}
