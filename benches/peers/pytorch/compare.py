"""PyTorch and `wavediffusion bench train` in turns on one training step of the seismic decoder; prints the ratio of their speeds."""

import argparse
import json
import statistics
import subprocess
import time

import torch
from torch import nn
from torch.nn.functional import relu, scaled_dot_product_attention

TOKENS, LATENT, WIDTH, DEPTH, HEADS, PATCH = 81, 32, 256, 6, 4, 5 * 16 * 8
PEAK_SIZE = 1536


def rms_norm(tokens):
    """Scales each token to a root mean square of one."""
    return tokens * torch.rsqrt(tokens.square().mean(-1, keepdim=True) + 1e-6)


class Block(nn.Module):
    """The pre-norm block of `src/model/block.rs`."""

    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, tokens):
        batch, count, _ = tokens.shape
        heads = self.qkv(rms_norm(tokens)).reshape(batch, count, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(*heads).transpose(1, 2).reshape(batch, count, WIDTH)
        tokens = tokens + self.out(mixed)
        return tokens + self.down(relu(self.up(rms_norm(tokens))))


class SeismicDecoder(nn.Module):
    """Latent tokens to gathers, as `PatchDecoder` does."""

    def __init__(self):
        super().__init__()
        self.input, self.output = nn.Linear(LATENT, WIDTH), nn.Linear(WIDTH, PATCH)
        self.positions = nn.Parameter(torch.zeros(1, TOKENS, WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))

    def forward(self, latent):
        tokens = self.blocks(self.input(latent) + self.positions)
        patches = self.output(rms_norm(tokens)).reshape(-1, 9, 9, 5, 16, 8).permute(0, 3, 1, 4, 2, 5)
        return patches.reshape(-1, 5, 144, 72)[:, :, :125, :70]


def seconds_of(work, repeat):
    """Median time of `work`."""
    def once():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    return statistics.median(once() for _ in range(repeat))


def main():
    """Runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the wavediffusion program")
    parser.add_argument("--batch", type=int, default=32, help="samples in a step")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each")
    parser.add_argument("--repeat", type=int, default=5, help="steps in a turn")
    options = parser.parse_args()

    network = SeismicDecoder()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01)
    latent, gathers = torch.randn(options.batch, TOKENS, LATENT), torch.randn(options.batch, 5, 125, 70)

    def step():
        optimiser.zero_grad()
        (network(latent) - gathers).square().mean().backward()
        for parameter in network.parameters():
            nn.utils.clip_grad_norm_([parameter], 1.0)
        optimiser.step()

    square = torch.rand(PEAK_SIZE, PEAK_SIZE)
    for _ in range(2):
        step()
    found = {"PyTorch": [], "wavediffusion": []}
    for _ in range(options.rounds):
        peak = 2 * PEAK_SIZE**3 / seconds_of(lambda: square @ square, options.repeat) / 1e9
        theirs = options.batch / seconds_of(step, options.repeat)
        command = [options.program, "bench", "train", "--batch", str(options.batch), "--repeat", str(options.repeat)]
        ours = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        operations = ours["gflop_per_s"] / ours["samples_per_s"]
        found["PyTorch"].append((theirs, theirs * operations, peak))
        found["wavediffusion"].append((ours["samples_per_s"], ours["gflop_per_s"], ours["matmul_gflop_per_s"]))
    for name, rows in found.items():
        speed, flops, peak = (statistics.median(column) for column in zip(*rows))
        print(f"{name:14} {speed:6.1f} samples/s, {flops:5.0f} GFLOP/s: {flops / peak:.0%} of its matrix product ({peak:.0f})")
    ratios = [ours[0] / theirs[0] for ours, theirs in zip(found["wavediffusion"], found["PyTorch"])]
    print(f"ratio          {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"threads        {torch.get_num_threads()} (PyTorch {torch.__version__}), a replica a core (wavediffusion)")


if __name__ == "__main__":
    main()
