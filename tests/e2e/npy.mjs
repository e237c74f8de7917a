// .npy files for the tests.

/** A .npy file, version 1.0, of f32 values. */
export function npy(shape, values) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const magic = Buffer.from("\x93NUMPY\x01\x00", "latin1");
  return Buffer.concat([magic, length, header, Buffer.from(Float32Array.from(values).buffer)]);
}

/** Shape and f32 values of such a file. */
export function parseNpy(file) {
  const end = 10 + file.readUInt16LE(8);
  const shape = file.toString("latin1", 10, end).match(/'shape': \(([^)]*)\)/)[1].split(",").filter((n) => n.trim()).map(Number);
  return { shape, values: new Float32Array(Uint8Array.from(file.subarray(end)).buffer) };
}
