import { describe, expect, it } from "vitest";
import { STOPS } from "./stops";

/** A slow reader, and what the tour may take. */
const WORDS_A_MINUTE = 180;
const MINUTES = 2;

describe("the guided tour", () => {
  it("takes a slow reader under two minutes", () => {
    const words = STOPS.flatMap(({ title, text }) => `${title} ${text}`.split(/\s+/)).length;
    expect(words / WORDS_A_MINUTE).toBeLessThan(MINUTES);
  });
});
