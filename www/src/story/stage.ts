/** Where the page is shown: on a stage, in a hall, inside another page, to somebody who sees it for the first time. */
export interface Stage {
  /** Number of the slide that is presented, from 1; 0 while nothing is. */
  present: number;
  /** Presents by itself, a slide for `pace` seconds. */
  kiosk: boolean;
  pace: number;
  /** Leaves out what a page around this one has itself. */
  embed: boolean;
  /** Leaves out everything but the pictures. */
  bare: boolean;
  /** Number of the stop of the guided tour, from 1; 0 while nobody takes it. */
  tour: number;
}

export const STAGE: Stage = { present: 0, kiosk: false, pace: 12, embed: false, bare: false, tour: 0 };
