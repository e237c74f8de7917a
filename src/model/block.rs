//! The pre-norm transformer block that every network is made of.
//!
//! Normalisation is RMS (arXiv 1910.07467) without a learned scale, which the linear layer behind it would absorb, and
//! the activation is ReLU: on CPUs and in WebGPU every elementwise pass over the tokens costs as much as a good part of
//! a matrix product.

use burn::module::Param;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::prelude::*;
use burn::tensor::activation::{relu, softmax};
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;

use super::config::TransformerConfig;
use super::stack::Stack;

/// Scale, shift and gate of the attention, then of the feed-forward part.
pub(super) const MODULATIONS: usize = 6;

/// Hidden width of the feed-forward part, in token widths.
const EXPANSION: usize = 4;

/// Guards the division in [`rms_gain`].
pub(super) const EPSILON: f64 = 1e-6;

/// Scales each token to a root mean square of one.
pub(super) fn rms_norm(tokens: Tensor<3>) -> Tensor<3> {
    tokens.clone() * rms_gain(tokens)
}

/// What [`rms_norm`] scales each token by, (batch, tokens, 1).
pub(super) fn rms_gain(tokens: Tensor<3>) -> Tensor<3> {
    (tokens.square().mean_dim(2) + EPSILON).sqrt().recip()
}

/// Self-attention and a feed-forward layer, each behind a normalisation and beside a residual connection.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub(super) qkv: Linear,
    pub(super) attention_out: Linear,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) heads: usize,
}

impl Block {
    /// A block with random weights; what it adds to the residual is small at first.
    pub(super) fn new(config: TransformerConfig, device: &Device) -> Self {
        let width = config.width;
        let residual_gain = 1.0 / ((2 * config.depth) as f64).sqrt();
        Self {
            qkv: linear(width, 3 * width, 1.0, device),
            attention_out: linear(width, width, residual_gain, device),
            up: linear(width, EXPANSION * width, 1.0, device),
            down: linear(EXPANSION * width, width, residual_gain, device),
            heads: config.heads,
        }
    }

    /// (batch, tokens, width) to the same. A `modulation`, (batch, modulations, width), scales and shifts what both parts are
    /// given and scales what they add.
    pub(super) fn forward(&self, tokens: Tensor<3>, modulation: Option<Tensor<3>>) -> Tensor<3> {
        let Some(modulation) = modulation else {
            let tokens = tokens.clone() + self.attend(rms_norm(tokens));
            return tokens.clone() + self.feed_forward(rms_norm(tokens));
        };
        let part = |part| modulation.clone().narrow(1, part, 1);
        let attended = self.attend(rms_norm(tokens.clone()) * (part(0) + 1.0) + part(1));
        let tokens = tokens + attended * (part(2) + 1.0);
        let fed = self.feed_forward(rms_norm(tokens.clone()) * (part(3) + 1.0) + part(4));
        tokens + fed * (part(5) + 1.0)
    }

    /// Multi-head self-attention of normalised tokens.
    fn attend(&self, tokens: Tensor<3>) -> Tensor<3> {
        let [batch, count, width] = tokens.dims();
        let [query, key, value] = self
            .project(tokens)
            .map(|part| part.reshape([batch, count, self.heads, width / self.heads]).permute([0, 2, 1, 3]));
        let mixed = scaled_dot_product(query, key, value);
        self.attention_out.forward(mixed.permute([0, 2, 1, 3]).reshape([batch, count, width]))
    }

    /// Queries, keys and values: one product and three views of it, or, where gradients are asked for, three products,
    /// since the gradient of a view is as large as what it looks at.
    fn project(&self, tokens: Tensor<3>) -> [Tensor<3>; 3] {
        let width = tokens.dims()[2];
        if !tokens.is_autodiff() {
            let all = self.qkv.forward(tokens);
            return [0, 1, 2].map(|part| all.clone().narrow(2, part * width, width));
        }
        [0, 1, 2].map(|part| {
            let weight = self.qkv.weight.val().narrow(1, part * width, width);
            let bias = self.qkv.bias.as_ref().map(|bias| bias.val().narrow(0, part * width, width));
            burn::tensor::module::linear(tokens.clone(), weight, bias)
        })
    }

    /// The feed-forward part on normalised tokens.
    fn feed_forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        self.down.forward(relu(self.up.forward(tokens)))
    }
}

/// Attention of (batch, heads, tokens, head width): burn's fused operation where no gradient is asked for.
fn scaled_dot_product(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<4> {
    if !query.is_autodiff() {
        return attention(query, key, value, None, None, AttentionModuleOptions::default());
    }
    let scale = 1.0 / (query.dims()[3] as f64).sqrt();
    softmax((query * scale).matmul(key.transpose()), 3).matmul(value)
}

/// A linear layer with Xavier weights times `gain` and a zero bias.
pub(super) fn linear(input: usize, output: usize, gain: f64, device: &Device) -> Linear {
    let initializer = if gain == 0.0 { Initializer::Zeros } else { Initializer::XavierUniform { gain } };
    let layer = LinearConfig::new(input, output).with_initializer(initializer).init(device);
    Linear { bias: Some(Param::from_tensor(Tensor::zeros([output], device))), ..layer }
}

/// Root mean square of the vectors that tell tokens where they are, about that of what is told about their content.
const POSITION_STRENGTH: f32 = 0.5;

/// Longest and shortest wave that tells a place, in tokens.
const POSITION_WAVES: (f32, f32) = (36.0, 2.0);

/// A learned vector for each place of the token grid, (1, tokens, width): at first sines and cosines of the row, then of
/// the column, so that neighbours are alike and attention can look for an offset from the start.
pub(super) fn positions([rows, columns]: [usize; 2], width: usize, device: &Device) -> Param<Tensor<3>> {
    let waves = width.div_ceil(4);
    let (longest, shortest) = POSITION_WAVES;
    let feature = |row: usize, column: usize, i: usize| {
        let (place, i) = if i < width / 2 { (row, i) } else { (column, i - width / 2) };
        let length = longest * (shortest / longest).powf((i / 2) as f32 / waves.saturating_sub(1).max(1) as f32);
        let angle = 2.0 * std::f32::consts::PI * place as f32 / length;
        let wave = if i.is_multiple_of(2) { angle.sin() } else { angle.cos() };
        POSITION_STRENGTH * std::f32::consts::SQRT_2 * wave
    };
    let values: Vec<f32> = (0..rows * columns)
        .flat_map(|token| (0..width).map(move |i| feature(token / columns, token % columns, i)))
        .collect();
    Param::from_tensor(Tensor::from_data(TensorData::new(values, [1, rows * columns, width]), device))
}

/// Blocks over tokens that know where they are.
#[derive(Module, Debug)]
pub(super) struct Transformer {
    input: Linear,
    positions: Param<Tensor<3>>,
    blocks: Vec<Block>,
    output: Linear,
}

impl Transformer {
    /// From (batch, tokens, `input`) to (batch, tokens, `output`).
    pub(super) fn new(
        config: TransformerConfig,
        tokens: [usize; 2],
        input: usize,
        output: usize,
        device: &Device,
    ) -> Self {
        Self {
            input: linear(input, config.width, 1.0, device),
            positions: positions(tokens, config.width, device),
            blocks: (0..config.depth).map(|_| Block::new(config, device)).collect(),
            output: linear(config.width, output, 1.0, device),
        }
    }

    pub(super) fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        self.stack().forward(tokens, None)
    }

    /// The same, and its transposed derivative there.
    pub(super) fn pullback(&self, tokens: Tensor<3>) -> (Tensor<3>, impl Fn(Tensor<3>) -> Tensor<3> + use<>) {
        self.stack().pullback(tokens, None)
    }

    fn stack(&self) -> Stack<'_> {
        let Self { input, positions, blocks, output } = self;
        Stack { input, positions, blocks, output }
    }
}
