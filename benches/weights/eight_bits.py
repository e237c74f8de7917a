"""Rounds the matrices of exported weights to 8 bits a number, to see what that would cost.

    python benches/weights/eight_bits.py www/public/weights /tmp/eight-bits      # needs numpy
    wavediffusion evaluate --weights /tmp/eight-bits --samples 200 --paths 0

Each column of a matrix has a scale of its own in half precision, as an 8-bit file would keep it. What is written is half
precision again, so that everything that reads weights reads these. Everything else stays as it is.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np

# Shorter axes are not worth a scale for each column.
SHORTEST = 32
CODEBOOK = "autoencoder.codebook.codes"
LARGEST = 127


def rounded(values):
    """A matrix in half precision, its columns as multiples of their scales."""
    scale = (np.abs(values).max(axis=0, keepdims=True) / LARGEST).astype(np.float16).astype(np.float32)
    scale[scale == 0] = 1
    return (np.clip(np.round(values / scale), -LARGEST, LARGEST) * scale).astype(np.float16)


def main(source, out):
    shutil.copytree(source, out)
    weights = out / "weights.safetensors"
    file = bytearray(weights.read_bytes())
    start = 8 + int.from_bytes(file[:8], "little")
    stored = 0
    for name, tensor in json.loads(file[8:start]).items():
        if name == "__metadata__":
            continue
        first, end = (start + offset for offset in tensor["data_offsets"])
        values = np.frombuffer(bytes(file[first:end]), np.float16).reshape(tensor["shape"]).astype(np.float32)
        if values.ndim == 2 and min(values.shape) >= SHORTEST and name != CODEBOOK:
            file[first:end] = rounded(values).tobytes()
            stored += values.size + 2 * values.shape[1]
        else:
            stored += 2 * values.size
    weights.write_bytes(file)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["weights"]["sha256"] = hashlib.sha256(file).hexdigest()
    (out / "manifest.json").write_text(json.dumps(manifest))
    print(f"{stored:,} bytes in 8 bits, {len(file) - start:,} in 16")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
