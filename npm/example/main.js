// Shows the velocity map of a pair and how far its seismic data are from the wave equation.

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
worker.postMessage({ family: "FlatVel-A", seed: 1, steps: 8, guidance: 1.8, path: false, preview: false });
worker.onmessage = ({ data: { pair, shape, error } }) => {
  const verdict = document.querySelector("#verdict");
  if (error) {
    verdict.textContent = error;
    return;
  }
  const canvas = document.querySelector("#map");
  [canvas.width, canvas.height] = [shape.nx, shape.nz];
  const image = new ImageData(shape.nx, shape.nz);
  pair.velocity.forEach((speed, cell) => image.data.set([(speed - 1500) / 12, 90, 120, 255], 4 * cell));
  canvas.getContext("2d").putImageData(image, 0, 0);
  verdict.textContent = `deviation ${pair.deviation.toFixed(4)} on ${pair.backend}`;
};
