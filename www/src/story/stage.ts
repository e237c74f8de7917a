/** Where the page is shown: on a stage, in a hall, inside another page. */
export interface Stage {
  /** Number of the slide that is presented, from 1; 0 while nothing is. */
  present: number;
  /** Presents by itself, a slide for `pace` seconds. */
  kiosk: boolean;
  pace: number;
  /** Leaves out what a page around this one has itself. */
  embed: boolean;
}

export const STAGE: Stage = { present: 0, kiosk: false, pace: 12, embed: false };
