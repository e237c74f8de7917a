"""Deepwave and `wavediffusion bench simulate` in turns on one OpenFWI survey; prints the ratio of their speeds."""

import argparse
import json
import statistics
import subprocess
import time

import deepwave
import torch

CELLS, SPACING, DT, STEPS, FREQUENCY, SPONGE = 70, 10.0, 1e-3, 1000, 15.0, 120
SOURCES = (0, 17, 34, 52, 69)


def survey():
    """Deepwave's arguments for OpenFWI's acquisition over four layers."""
    velocity = torch.tensor([1700.0, 2300.0, 3100.0, 4200.0]).repeat_interleave(18)[:CELLS, None].repeat(1, CELLS)
    at_depth_one = lambda columns: torch.tensor([[1, x] for x in columns])
    wavelet = deepwave.wavelets.ricker(FREQUENCY, STEPS, DT, 1.1 / FREQUENCY)
    shots = len(SOURCES)
    return dict(
        v=velocity,
        grid_spacing=SPACING,
        dt=DT,
        source_amplitudes=wavelet.repeat(shots, 1, 1),
        source_locations=at_depth_one(SOURCES)[:, None],
        receiver_locations=at_depth_one(range(CELLS)).repeat(shots, 1, 1),
        accuracy=4,
        pml_width=SPONGE,
        pml_freq=FREQUENCY,
    )


def main():
    """Runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the wavediffusion program")
    parser.add_argument("--pairs", type=int, default=7, help="runs of each")
    options = parser.parse_args()

    arguments = survey()
    updates = len(SOURCES) * STEPS * (CELLS + 2 * SPONGE) ** 2
    deepwave.scalar(**arguments)  # compiles and warms up
    ratios, speeds = [], {"deepwave": [], "wavediffusion": []}
    for _ in range(options.pairs):
        start = time.perf_counter()
        deepwave.scalar(**arguments)
        theirs = updates / (time.perf_counter() - start) / 1e9
        printed = subprocess.run([options.program, "bench", "simulate", "--repeat", "1"], check=True, capture_output=True)
        ours = json.loads(printed.stdout)["gcell_per_s"]
        speeds["deepwave"].append(theirs)
        speeds["wavediffusion"].append(ours)
        ratios.append(ours / theirs)
    for name, values in speeds.items():
        print(f"{name:14} {statistics.median(values):5.2f} Gcell/s (median of {len(values)})")
    print(f"ratio          {statistics.median(ratios):5.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"threads        {torch.get_num_threads()} (Deepwave), all cores (wavediffusion)")


if __name__ == "__main__":
    main()
