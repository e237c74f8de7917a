//! The GPU kernels of a stack. Their twin on the processor is `cpu.rs`.
//!
//! Rows of all arrays are cut into fours, since a GPU loads and multiplies four numbers as one. Every position is within
//! its buffer by construction, so that no kernel checks it; browsers do so again on their own.

use cubecl::prelude::*;

use crate::model::block::EPSILON;

/// Four neighbouring numbers of a row.
pub(super) type Four = Vector<f32, Const<4>>;

/// Numbers in a [`Four`].
pub(super) const FOUR: usize = 4;

/// Rows that a unit of [`dense`] works on, so that it loads the weights once for all of them.
pub(super) const ROWS: usize = 4;

/// Units that share a row of [`normalise`].
pub(super) const LANES: u32 = 64;

/// What [`dense`] does with a layer's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Write {
    /// Writes them.
    Set,
    /// Writes those that are positive, and zero for the others.
    Relu,
    /// Adds them to what is there.
    Add,
    /// Adds them times one plus a gate of their sample.
    Gated,
    /// Writes their sum with a vector of their token's.
    Positions,
}

/// Sizes of a layer and of what it is applied to; widths are in fours.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
pub(super) struct Layer {
    /// Tokens of all samples.
    rows: usize,
    /// Tokens of a sample.
    tokens: usize,
    inputs: usize,
    outputs: usize,
}

/// Where in an array of modulations those of a kernel are, in fours.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
pub(super) struct Modulation {
    /// Those of the first sample.
    first: usize,
    /// From one sample to the next.
    stride: usize,
}

/// A linear layer: `input` (rows, inputs) times `weight` (4 inputs, outputs) plus `bias` goes to `output` (rows, outputs)
/// as `write` says. `beside` holds the gates or the positions that this needs. A unit is a (column, group of rows).
#[cube(launch_unchecked)]
pub(super) fn dense(
    input: &[Four],
    weight: &[Four],
    bias: &[Four],
    beside: &[Four],
    output: &mut [Four],
    layer: Layer,
    gates: Modulation,
    #[comptime] write: Write,
) {
    let column = ABSOLUTE_POS_X as usize;
    let first = ABSOLUTE_POS_Y as usize * ROWS;
    if column >= layer.outputs || first >= layer.rows {
        terminate!();
    }
    let mut sums = Array::<Four>::new(ROWS);
    let mut starts = Array::<usize>::new(ROWS);
    #[unroll]
    for i in 0..ROWS {
        sums[i] = bias[column];
        // Rows beyond the last repeat it, and are not written.
        starts[i] = min(first + i, layer.rows - 1) * layer.inputs;
    }
    for k in 0..layer.inputs {
        let place = FOUR * k * layer.outputs + column;
        let w0 = weight[place];
        let w1 = weight[place + layer.outputs];
        let w2 = weight[place + 2 * layer.outputs];
        let w3 = weight[place + 3 * layer.outputs];
        #[unroll]
        for i in 0..ROWS {
            let four = input[starts[i] + k];
            sums[i] += Four::new(four.extract(0usize)) * w0
                + Four::new(four.extract(1usize)) * w1
                + Four::new(four.extract(2usize)) * w2
                + Four::new(four.extract(3usize)) * w3;
        }
    }
    #[unroll]
    for i in 0..ROWS {
        let row = first + i;
        if row < layer.rows {
            let place = row * layer.outputs + column;
            let sum = sums[i];
            match comptime!(write) {
                Write::Set => output[place] = sum,
                Write::Relu => output[place] = max(sum, Four::new(0.0)),
                Write::Add => output[place] += sum,
                Write::Gated => {
                    let gate = beside[gates.first + row / layer.tokens * gates.stride + column];
                    output[place] += sum * (gate + Four::new(1.0));
                }
                Write::Positions => output[place] = sum + beside[row % layer.tokens * layer.outputs + column],
            }
        }
    }
}

/// Scales each row of `input` (rows, `width`) to a root mean square of one and, where it is `modulated`, by its sample's
/// scale and shift, which follow each other in `modulation`. A workgroup is a row.
#[cube(launch_unchecked)]
pub(super) fn normalise(
    input: &[Four],
    modulation: &[Four],
    output: &mut [Four],
    width: usize,
    tokens: usize,
    scales: Modulation,
    #[comptime] modulated: bool,
) {
    let row = CUBE_POS_X as usize;
    let lane = UNIT_POS_X as usize;
    let start = row * width;
    let mut squares = Four::new(0.0);
    let mut i = lane;
    while i < width {
        squares += input[start + i] * input[start + i];
        i += LANES as usize;
    }
    let mut parts = Shared::<[f32]>::new_slice(LANES as usize);
    parts[lane] = total(squares);
    sync_cube();
    let mut sum = 0.0f32;
    for part in 0..LANES as usize {
        sum += parts[part];
    }
    let gain = Four::new(1.0 / (sum / (FOUR * width) as f32 + EPSILON as f32).sqrt());
    let mut i = lane;
    while i < width {
        let mut value = input[start + i] * gain;
        if modulated {
            let place = scales.first + row / tokens * scales.stride + i;
            value = value * (modulation[place] + Four::new(1.0)) + modulation[place + width];
        }
        output[start + i] = value;
        i += LANES as usize;
    }
}

/// Attention of each head: `qkv` holds (rows, 3 x `width`) queries, keys and values, `mixed` receives (rows, `width`). A unit is
/// a query and a (sample, head) with `head` fours; it passes over the keys once (arXiv 1805.02867).
#[cube(launch_unchecked)]
pub(super) fn attend(
    qkv: &[Four],
    mixed: &mut [Four],
    width: usize,
    tokens: usize,
    scale: f32,
    #[comptime] head: usize,
) {
    let query_token = ABSOLUTE_POS_X as usize;
    if query_token >= tokens {
        terminate!();
    }
    let heads = width / head;
    let sample = CUBE_POS_Y as usize / heads;
    let column = CUBE_POS_Y as usize % heads * head;
    let row = sample * tokens + query_token;
    let mut query = Array::<Four>::new(head);
    let mut sums = Array::<Four>::new(head);
    #[unroll]
    for i in 0..head {
        query[i] = qkv[row * 3 * width + column + i] * Four::new(scale);
        sums[i] = Four::new(0.0);
    }
    let mut highest = f32::min_value();
    let mut weights = 0.0f32;
    for token in 0..tokens {
        let key = (sample * tokens + token) * 3 * width + width + column;
        let mut products = Four::new(0.0);
        #[unroll]
        for i in 0..head {
            products += query[i] * qkv[key + i];
        }
        let score = total(products);
        let higher = max(highest, score);
        let keep = (highest - higher).exp();
        let weight = (score - higher).exp();
        highest = higher;
        weights = weights * keep + weight;
        #[unroll]
        for i in 0..head {
            sums[i] = sums[i] * Four::new(keep) + qkv[key + width + i] * Four::new(weight);
        }
    }
    #[unroll]
    for i in 0..head {
        mixed[row * width + column + i] = sums[i] / Four::new(weights);
    }
}

/// The sum of four numbers.
#[cube]
fn total(four: Four) -> f32 {
    four.extract(0usize) + four.extract(1usize) + four.extract(2usize) + four.extract(3usize)
}
