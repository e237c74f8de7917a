"""Exports the networks that the page ships to ONNX, from the same weights: the denoiser and both decoders, in single precision.

The networks are those of `src/model`, written in PyTorch as its users would.
"""

import argparse
import json
import math
import pathlib
import struct

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

EXPANSION, EPSILON, TIME_FEATURES, MODULATIONS = 4, 1e-6, 128, 6
OPSET = 20


def read_safetensors(path):
    """Tensors by name, in single precision."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, values = json.loads(data[8 : 8 + length]), data[8 + length :]
    types = {"F16": np.float16, "F32": np.float32}

    def tensor(entry):
        start, end = entry["data_offsets"]
        array = np.frombuffer(values[start:end], types[entry["dtype"]]).reshape(entry["shape"])
        return torch.from_numpy(array.astype(np.float32))

    return {name: tensor(entry) for name, entry in header.items() if name != "__metadata__"}


def rms_norm(tokens):
    return tokens * torch.rsqrt(tokens.square().mean(-1, keepdim=True) + EPSILON)


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.up = nn.Linear(width, EXPANSION * width)
        self.down = nn.Linear(EXPANSION * width, width)

    def attend(self, tokens):
        batch, count, width = tokens.shape
        parts = self.qkv(tokens).reshape(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.attention_out(mixed.transpose(1, 2).reshape(batch, count, width))

    def feed_forward(self, tokens):
        return self.down(F.relu(self.up(tokens)))

    def forward(self, tokens):
        tokens = tokens + self.attend(rms_norm(tokens))
        return tokens + self.feed_forward(rms_norm(tokens))


class Transformer(nn.Module):
    """Blocks between two linear layers, over tokens that know where they are."""

    def __init__(self, stack, tokens, inputs, outputs):
        super().__init__()
        width = stack["width"]
        self.input = nn.Linear(inputs, width)
        self.positions = nn.Parameter(torch.zeros(1, tokens, width))
        self.blocks = nn.ModuleList(Block(width, stack["heads"]) for _ in range(stack["depth"]))
        self.output = nn.Linear(width, outputs)

    def forward(self, tokens):
        tokens = self.input(tokens) + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        return self.output(rms_norm(tokens))


class PatchDecoder(nn.Module):
    """The latent to images."""

    def __init__(self, stack, image, grid, inputs):
        super().__init__()
        self.image, self.grid = image, grid
        values = image["channels"] * math.prod(image["patch"])
        self.transformer = Transformer(stack, math.prod(grid), inputs, values)

    def forward(self, latent):
        (rows, columns), (height, width), channels = self.grid, self.image["patch"], self.image["channels"]
        patches = self.transformer(latent).reshape(-1, rows, columns, channels, height, width)
        images = patches.permute(0, 3, 1, 4, 2, 5).reshape(-1, channels, rows * height, columns * width)
        return images[:, :, : self.image["rows"], : self.image["columns"]]


class Denoiser(Transformer):
    """The flow's velocity at noisy latents, times and labels."""

    def __init__(self, stack, tokens, latent, families):
        super().__init__(stack, tokens, latent, latent)
        width = stack["width"]
        self.time = nn.Linear(TIME_FEATURES, width)
        self.families = nn.Embedding(families + 1, width)
        self.modulation = nn.Linear(width, MODULATIONS * width)
        self.offsets = nn.Parameter(torch.zeros(stack["depth"], MODULATIONS, width))
        half = TIME_FEATURES // 2
        self.register_buffer("frequencies", 1000.0 ** (torch.arange(half) / (half - 1)), persistent=False)

    def forward(self, noisy, time, labels):
        angles = time * self.frequencies
        features = torch.cat([angles.sin(), angles.cos()], 1)
        condition = F.silu(self.time(features) + self.families(labels).squeeze(1))
        shared = self.modulation(condition).reshape(-1, MODULATIONS, self.positions.shape[2])
        tokens = self.input(noisy) + self.positions
        for index, block in enumerate(self.blocks):
            part = (shared + self.offsets[index]).unsqueeze(2).unbind(1)
            tokens = tokens + block.attend(rms_norm(tokens) * (part[0] + 1) + part[1]) * (part[2] + 1)
            tokens = tokens + block.feed_forward(rms_norm(tokens) * (part[3] + 1) + part[4]) * (part[5] + 1)
        return self.output(rms_norm(tokens))


def load(network, tensors, prefix):
    """Fills a network with the tensors under a prefix; linear layers are stored (inputs, outputs)."""
    state = {}
    for name, module in network.named_modules():
        for key, _ in [*module.named_parameters(recurse=False)]:
            path = f"{name}.{key}" if name else key
            value = tensors[f"{prefix}.{path}"]
            state[path] = value.T if isinstance(module, nn.Linear) and key == "weight" else value
    network.load_state_dict(state)
    return network.eval()


def export(network, inputs, names, path):
    """Writes a network whose first axis is free."""
    batch = torch.export.Dim("batch", min=1, max=64)
    torch.onnx.export(
        network,
        inputs,
        path,
        input_names=names,
        output_names=["output"],
        dynamic_shapes=tuple({0: batch} for _ in inputs),
        opset_version=OPSET,
        external_data=False,
        dynamo=True,
        verbose=False,
    )
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=pathlib.Path, help="the folder of manifest.json")
    parser.add_argument("out", type=pathlib.Path, help="where the networks go")
    options = parser.parse_args()

    manifest = json.loads((options.weights / "manifest.json").read_text())
    tensors = read_safetensors(options.weights / manifest["weights"]["file"])
    model = manifest["model"]
    grid, tokens = model["tokens"], math.prod(model["tokens"])
    latent = model["latent"]["code_width"] * model["latent"]["codes_per_token"]
    options.out.mkdir(parents=True, exist_ok=True)

    batch = 2
    noisy = torch.randn(batch, tokens, latent)
    denoiser = load(Denoiser(model["denoiser"], tokens, latent, model["families"]), tensors, "denoiser")
    inputs = (noisy, torch.full((batch, 1), 0.5), torch.zeros(batch, 1, dtype=torch.int64))
    export(denoiser, inputs, ["noisy", "time", "labels"], options.out / "denoiser.onnx")
    for name in ("velocity", "seismic"):
        decoder = PatchDecoder(model[f"{name}_decoder"], model[name], grid, latent)
        load(decoder, tensors, f"autoencoder.{name}_decoder")
        export(decoder, (noisy,), ["latent"], options.out / f"{name}_decoder.onnx")


if __name__ == "__main__":
    main()
