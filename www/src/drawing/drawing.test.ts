import type { PairShape, Prediction } from "@engine/wavediffusion.js";
import { describe, expect, it } from "vitest";
import { type Drawing, type DrawingChange, reduceDrawing, simulatedOf, startDrawing, unanswered } from "./drawing";

const map = (value: number) => new Float32Array(4).fill(value);
const [START, BODY, LAYER] = [map(2000), map(3000), map(4000)];
const SHAPE = { samples: 8, dt: 1e-3 } as PairShape;
const PREDICTION: Prediction = {
  generated: map(1),
  simulated: map(2),
  difference: map(-1),
  deviation: 0.4,
  ssim: 0.9,
  mse: 0.01,
  consistent: false,
};

const drawingAfter = (...changes: DrawingChange[]): Drawing =>
  changes.reduce<Drawing>((drawing, change) => reduceDrawing(drawing, change, SHAPE) ?? drawing, startDrawing(START));
const stroke = (velocity: Float32Array): DrawingChange[] => [{ type: "stroke", velocity }, { type: "keep" }];

describe("a drawing", () => {
  it("shows a stroke under way, and forgets one that is called off", () => {
    const under = drawingAfter({ type: "stroke", velocity: BODY });
    expect(under.sample.velocity).toBe(BODY);
    expect(under.map).toBe(START);
    expect(reduceDrawing(under, { type: "stroke", velocity: null }, SHAPE)?.sample.velocity).toBe(START);
  });

  it("undoes and redoes whole strokes, and forgets the undone after a new one", () => {
    const undone = drawingAfter(...stroke(BODY), ...stroke(LAYER), { type: "undo" });
    expect(undone.sample.velocity).toBe(BODY);
    expect(reduceDrawing(undone, { type: "redo" }, SHAPE)?.map).toBe(LAYER);
    const other = drawingAfter(...stroke(BODY), { type: "undo" }, ...stroke(LAYER), { type: "redo" });
    expect(other.map).toBe(LAYER);
    expect(drawingAfter({ type: "undo" }).map).toBe(START);
  });

  it("goes back to its beginning, which can be undone too", () => {
    const reset = drawingAfter(...stroke(BODY), { type: "reset" });
    expect(reset.map).toBe(START);
    expect(reduceDrawing(reset, { type: "undo" }, SHAPE)?.map).toBe(BODY);
  });

  it("takes another map to begin with, and keeps the way back to the old one", () => {
    const other = drawingAfter(...stroke(BODY), { type: "start", velocity: LAYER });
    expect([other.start, other.map]).toEqual([LAYER, LAYER]);
    expect(reduceDrawing(other, { type: "undo" }, SHAPE)?.map).toBe(BODY);
  });

  it("shows simulated gathers before the model's, and then the verdict", () => {
    const early = drawingAfter(...stroke(BODY), { type: "simulated", velocity: BODY, gathers: map(2) });
    expect(early.sample).toMatchObject({ verdict: null, gathers: { samples: 8, generated: null, simulated: map(2) } });
    expect([unanswered(early), simulatedOf(early)]).toEqual([true, null]);
    const told = drawingAfter(...stroke(BODY), { type: "predicted", velocity: BODY, prediction: PREDICTION });
    expect(told.sample).toMatchObject({ verdict: { deviation: 0.4 }, gathers: { generated: map(1) } });
    expect([unanswered(told), simulatedOf(told)]).toEqual([false, PREDICTION.simulated]);
  });

  it("has a map that was called off asked about again", () => {
    const off = drawingAfter({ type: "asked", velocity: START }, { type: "called-off", velocity: START });
    expect(off.asked).toBeNull();
    expect(reduceDrawing({ ...off, asked: BODY }, { type: "called-off", velocity: START }, SHAPE)?.asked).toBe(BODY);
  });

  it("does not ask again about a map that cannot be simulated", () => {
    const failed = drawingAfter({ type: "asked", velocity: START }, { type: "failed", velocity: START });
    expect([failed.asked, failed.failed, unanswered(failed)]).toEqual([START, START, true]);
  });

  it("drops what comes too late, and does not take it for an answer", () => {
    const before = drawingAfter(...stroke(BODY), ...stroke(LAYER));
    expect(reduceDrawing(before, { type: "predicted", velocity: BODY, prediction: PREDICTION }, SHAPE)).toBe(before);
    expect(reduceDrawing(before, { type: "simulated", velocity: BODY, gathers: map(2) }, SHAPE)).toBe(before);
    const told = drawingAfter({ type: "predicted", velocity: START, prediction: PREDICTION }, ...stroke(BODY));
    expect([unanswered(told), simulatedOf(told)]).toEqual([true, null]);
  });
});
