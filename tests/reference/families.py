"""The reference of openfwi_forward.py on a random map of each of ten families, thinned to stay small.

    wavediffusion synth --out DIR --count 1 --seed 1000000 --held-out
    python families.py DIR OUT_DIR

Writes families_velocity.npy, (10, 70, 70) in m/s, and families_gathers.npy, (10, 5 shots, 50 samples, 10 receivers):
every 20th sample and every 7th receiver.
"""
import sys
from pathlib import Path

import numpy as np

from openfwi_forward import forward

EVERY_SAMPLE, EVERY_RECEIVER = 20, 7

if __name__ == "__main__":
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    velocity = np.stack([np.load(path)[0, 0] for path in sorted(data.glob("*/model1.npy"))])
    gathers = np.stack([forward(map)[:, ::EVERY_SAMPLE, ::EVERY_RECEIVER] for map in velocity])
    np.save(out / "families_velocity.npy", velocity.astype(np.float32))
    np.save(out / "families_gathers.npy", gathers.astype(np.float32))
