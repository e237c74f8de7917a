/** What the views can ask for; `main.ts` does it. */

import type { Settings } from "../state";

export interface Commands {
  set(settings: Partial<Settings>): void;
  generate(): void;
  cancel(): void;
  play(): void;
  pause(): void;
  seek(frame: number): void;
}
