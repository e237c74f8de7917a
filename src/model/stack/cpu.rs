//! The stack on one thread of a processor: no copies of weights, and one pass over the tokens for all that surrounds a product.

use std::ops::Deref;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::nn::Linear;
use burn::prelude::*;

use super::Stack;
use super::attention::{self, attend};
use super::gemm::{self, Line, line, pack};
use super::lanes;
use crate::model::block::{Block, EPSILON, MODULATIONS};

/// The stack of tokens on [`Device::flex`], with one modulation (batch, modulations, width) a block or none.
pub(super) fn forward(stack: &Stack<'_>, tokens: Tensor<3>, modulation: Option<Tensor<4>>) -> Tensor<3> {
    let [batch, count, _] = tokens.dims();
    let device = tokens.device();
    let [input, output] = [stack.input, stack.output].map(Dense::of);
    let modulation = modulation.map(Values::of);
    let parts = batch * MODULATIONS * input.outputs;

    let mut work = Workspace::default();
    let mut stream = Values::of(stack.positions.val()).repeat(batch);
    dense(&mut work.panel, &input, &Values::of(tokens), &mut stream, add);
    for (index, block) in stack.blocks.iter().enumerate() {
        let values = modulation.as_ref().map(|all| &all[index * parts..][..parts]);
        work.block(block, &mut stream, &Tokens { count, width: input.outputs, modulation: values });
    }
    let mut result = vec![0.0; batch * count * output.outputs];
    normalise(&stream, &mut work.normal, &Tokens { count, width: input.outputs, modulation: None }, 0);
    dense(&mut work.panel, &output, &work.normal, &mut result, set);
    Tensor::from_data(TensorData::new(result, [batch, count, output.outputs]), &device)
}

/// Room for what a block computes on the way, kept from one to the next.
#[derive(Default)]
struct Workspace {
    panel: Vec<Line>,
    normal: Vec<f32>,
    qkv: Vec<f32>,
    mixed: Vec<f32>,
    hidden: Vec<f32>,
    attention: attention::Workspace,
}

/// Shape of the tokens, and what modulates them: (batch, modulations, width).
struct Tokens<'a> {
    count: usize,
    width: usize,
    modulation: Option<&'a [f32]>,
}

impl Tokens<'_> {
    /// Modulation `part` of the sample that a row belongs to.
    fn part(&self, row: usize, part: usize) -> Option<&[f32]> {
        let place = row / self.count * MODULATIONS + part;
        self.modulation.map(|values| &values[place * self.width..][..self.width])
    }
}

impl Workspace {
    /// Runs a block on the residual stream.
    fn block(&mut self, block: &Block, stream: &mut [f32], tokens: &Tokens<'_>) {
        let Self { panel, normal, qkv, mixed, hidden, attention } = self;
        let rows = stream.len() / tokens.width;

        normalise(stream, normal, tokens, 0);
        let layer = Dense::of(&block.qkv);
        qkv.resize(rows * layer.outputs, 0.0);
        dense(panel, &layer, normal, qkv, set);
        mixed.resize(stream.len(), 0.0);
        let samples = mixed.chunks_exact_mut(tokens.count * tokens.width);
        for (mixed, qkv) in samples.zip(qkv.chunks_exact(tokens.count * layer.outputs)) {
            attend(qkv, mixed, tokens.count, block.heads, attention);
        }
        dense(panel, &Dense::of(&block.attention_out), mixed, stream, |at, out, sums| gated(tokens, 2, at, out, sums));

        normalise(stream, normal, tokens, 3);
        let layer = Dense::of(&block.up);
        hidden.resize(rows * layer.outputs, 0.0);
        dense(panel, &layer, normal, hidden, |_, out, sums| *out = sums.map(|sum| if sum < 0.0 { 0.0 } else { sum }));
        dense(panel, &Dense::of(&block.down), hidden, stream, |at, out, sums| gated(tokens, 5, at, out, sums));
    }
}

/// Row and first column of a line of sums.
type At = (usize, usize);

fn set(_: At, out: &mut Line, sums: &Line) {
    *out = *sums;
}

fn add(_: At, out: &mut Line, sums: &Line) {
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
}

/// Adds the sums times one plus the modulation `part`.
fn gated(tokens: &Tokens<'_>, part: usize, at: At, out: &mut Line, sums: &Line) {
    match tokens.part(at.0, part) {
        None => add(at, out, sums),
        Some(gates) => {
            let gates = line(gates, at.1);
            out.iter_mut().zip(sums).zip(gates).for_each(|((out, sum), gate)| *out += sum * (1.0 + gate));
        }
    }
}

/// Scales each token to a root mean square of one, then modulates it: scale and shift are the modulations from `part` on.
fn normalise(stream: &[f32], normal: &mut Vec<f32>, tokens: &Tokens<'_>, part: usize) {
    normal.resize(stream.len(), 0.0);
    let rows = stream.chunks_exact(tokens.width).zip(normal.chunks_exact_mut(tokens.width));
    for (row, (token, normal)) in rows.enumerate() {
        let mean_square = lanes::fold(token, 0.0, |sum, v| sum + v * v, |a, b| a + b) / tokens.width as f32;
        let gain = 1.0 / (mean_square + EPSILON as f32).sqrt();
        match tokens.part(row, part).zip(tokens.part(row, part + 1)) {
            None => normal.iter_mut().zip(token).for_each(|(normal, value)| *normal = value * gain),
            Some((scale, shift)) => {
                for (((normal, value), scale), shift) in normal.iter_mut().zip(token).zip(scale).zip(shift) {
                    *normal = value * gain * (1.0 + scale) + shift;
                }
            }
        }
    }
}

/// A linear layer's values.
struct Dense {
    weight: Values,
    bias: Option<Values>,
    outputs: usize,
}

impl Dense {
    fn of(layer: &Linear) -> Self {
        let weight = layer.weight.val();
        let outputs = weight.dims()[1];
        let bias = layer.bias.as_ref().map(|bias| Values::of(bias.val()));
        Self { weight: Values::of(weight), bias, outputs }
    }
}

/// Applies a layer to rows of `input`; `write` is given each line of `output` and of the layer's sums for it.
fn dense(
    panel: &mut Vec<Line>,
    layer: &Dense,
    input: &[f32],
    output: &mut [f32],
    write: impl Fn(At, &mut Line, &Line),
) {
    let inputs = layer.weight.len() / layer.outputs;
    let rows = input.len() / inputs;
    for first in (0..layer.outputs).step_by(gemm::COLUMNS) {
        pack(panel, layer.weight.chunks_exact(layer.outputs), first);
        let bias = layer.bias.as_ref().map_or([0.0; gemm::COLUMNS], |bias| line(bias, first));
        gemm::multiply(
            rows,
            |row| &input[row * inputs..][..inputs],
            panel,
            |row, sums| {
                let sums = std::array::from_fn(|i| sums[i] + bias[i]);
                let out = &mut output[row * layer.outputs..][..layer.outputs][first..];
                match out.first_chunk_mut() {
                    Some(out) => write((row, first), out, &sums),
                    None => {
                        let mut whole = line(out, 0);
                        write((row, first), &mut whole, &sums);
                        out.copy_from_slice(&whole[..out.len()]);
                    }
                }
            },
        );
    }
}

/// Values of a tensor on Flex, where it keeps them.
struct Values(FlexTensor);

impl Values {
    fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        match tensor.try_into_primitive::<Flex>() {
            Ok(tensor) => Self(tensor.to_contiguous()),
            Err(error) => unreachable!("the stack was given to the processor, its tensors are elsewhere: {error:?}"),
        }
    }
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.0.as_slice().unwrap_or_else(|| unreachable!("a contiguous tensor of f32 has a slice"))
    }
}
