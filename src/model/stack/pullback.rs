//! The transposed derivative of a stack with respect to its tokens, in burn's operations on any device: what backpropagation
//! computes, without a graph and without gradients of weights.

use burn::nn::Linear;
use burn::prelude::*;
use burn::tensor::activation::{relu, softmax};

use super::Stack;
use crate::model::block::{Block, rms_gain};

/// The transposed derivative of a function at the point where its value was computed: from a change asked of the value to
/// the change asked of the argument.
type Pullback = Box<dyn Fn(Tensor<3>) -> Tensor<3>>;

/// What the stack makes of tokens (batch, tokens, input), and its transposed derivative there; `modulation` as for
/// [`Stack::forward`].
pub(super) fn pullback(stack: &Stack<'_>, tokens: Tensor<3>, modulation: Option<Tensor<4>>) -> (Tensor<3>, Pullback) {
    let (embedded, input) = dense(stack.input, tokens);
    let mut stream = embedded + stack.positions.val();
    let mut blocks = Vec::with_capacity(stack.blocks.len());
    for (index, block) in stack.blocks.iter().enumerate() {
        let part = |part: usize| {
            let all = modulation.clone()?.narrow(0, index, 1).squeeze_dim::<3>(0);
            Some([0, 1, 2].map(|which| all.clone().narrow(1, part * 3 + which, 1)))
        };
        let (attended, attention) =
            after_norm(stream.clone(), |normal| modulated(normal, part(0), |normal| attend(block, normal)));
        stream = stream + attended;
        let (fed, feed_forward) =
            after_norm(stream.clone(), |normal| modulated(normal, part(1), |normal| feed_forward(block, normal)));
        stream = stream + fed;
        blocks.push([attention, feed_forward]);
    }
    let (result, output) = after_norm(stream, |normal| dense(stack.output, normal));
    let back = move |asked| {
        let parts = blocks.iter().rev().flat_map(|[attention, feed_forward]| [feed_forward, attention]);
        input(parts.fold(output(asked), |asked: Tensor<3>, part| asked.clone() + part(asked)))
    };
    (result, Box::new(back))
}

/// `f` of the normalised tokens.
fn after_norm(tokens: Tensor<3>, f: impl FnOnce(Tensor<3>) -> (Tensor<3>, Pullback)) -> (Tensor<3>, Pullback) {
    let gain = rms_gain(tokens.clone());
    let normal = tokens * gain.clone();
    let (value, inner) = f(normal.clone());
    let back = move |asked| {
        let asked = inner(asked);
        let along = (asked.clone() * normal.clone()).mean_dim(2);
        (asked - normal.clone() * along) * gain.clone()
    };
    (value, Box::new(back))
}

/// `f` between a scale and shift of what it is given and a gate on what it gives, if there are any.
fn modulated(
    normal: Tensor<3>,
    modulation: Option<[Tensor<3>; 3]>,
    f: impl FnOnce(Tensor<3>) -> (Tensor<3>, Pullback),
) -> (Tensor<3>, Pullback) {
    let Some([scale, shift, gate]) = modulation else { return f(normal) };
    let (scale, gate) = (scale + 1.0, gate + 1.0);
    let (value, inner) = f(normal * scale.clone() + shift);
    (value * gate.clone(), Box::new(move |asked| inner(asked * gate.clone()) * scale.clone()))
}

fn dense(layer: &Linear, tokens: Tensor<3>) -> (Tensor<3>, Pullback) {
    let weight = layer.weight.val();
    (layer.forward(tokens), Box::new(move |asked| asked.matmul(weight.clone().transpose().unsqueeze())))
}

fn feed_forward(block: &Block, normal: Tensor<3>) -> (Tensor<3>, Pullback) {
    let (hidden, up) = dense(&block.up, normal);
    let silent = hidden.clone().lower_equal_elem(0.0);
    let (fed, down) = dense(&block.down, relu(hidden));
    (fed, Box::new(move |asked| up(down(asked).mask_fill(silent.clone(), 0.0))))
}

fn attend(block: &Block, normal: Tensor<3>) -> (Tensor<3>, Pullback) {
    let [batch, count, width] = normal.dims();
    let (heads, head_width) = (block.heads, width / block.heads);
    let split = move |tokens: Tensor<3>| tokens.reshape([batch, count, heads, head_width]).permute([0, 2, 1, 3]);
    let join = move |heads: Tensor<4>| heads.permute([0, 2, 1, 3]).reshape([batch, count, width]);
    let scale = 1.0 / (head_width as f64).sqrt();

    let (all, project) = dense(&block.qkv, normal);
    let [query, key, value] = [0, 1, 2].map(|part| split(all.clone().narrow(2, part * width, width)));
    let query = query * scale;
    let shares = softmax(query.clone().matmul(key.clone().transpose()), 3);
    let (attended, out) = dense(&block.attention_out, join(shares.clone().matmul(value.clone())));
    let back = move |asked| {
        let asked = split(out(asked));
        let of_shares = asked.clone().matmul(value.clone().transpose());
        let mean = (of_shares.clone() * shares.clone()).sum_dim(3);
        let of_scores = (of_shares - mean) * shares.clone();
        let of_query = of_scores.clone().matmul(key.clone()) * scale;
        let of_key = of_scores.transpose().matmul(query.clone());
        let of_value = shares.clone().transpose().matmul(asked);
        project(Tensor::cat([of_query, of_key, of_value].map(join).to_vec(), 2))
    };
    (attended, Box::new(back))
}
