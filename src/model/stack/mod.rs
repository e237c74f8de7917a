//! A stack of blocks between two linear layers, which every transformer here is, on whatever computes it.
//!
//! [`Stack::by_burn`] defines it in burn's operations: it is what is trained, and what the others are tested against.

#[cfg(any(target_arch = "wasm32", test))]
mod attention;
#[cfg(any(target_arch = "wasm32", test))]
mod cpu;
#[cfg(any(target_arch = "wasm32", test))]
mod gemm;
#[cfg(target_arch = "wasm32")]
mod gpu;
#[cfg(target_arch = "wasm32")]
mod kernels;
#[cfg(any(target_arch = "wasm32", test))]
mod lanes;
mod pullback;

use burn::module::Param;
use burn::nn::Linear;
use burn::prelude::*;

use super::block::{Block, rms_norm};

/// The layers of a transformer.
#[derive(Clone, Copy)]
pub(super) struct Stack<'a> {
    /// From what a token is told as to its width.
    pub(super) input: &'a Linear,
    /// Added to each sample's tokens, (1, tokens, width).
    pub(super) positions: &'a Param<Tensor<3>>,
    /// What follows.
    pub(super) blocks: &'a [Block],
    /// From the normalised width to what is asked for.
    pub(super) output: &'a Linear,
}

impl Stack<'_> {
    /// From (batch, tokens, input) to (batch, tokens, output). Where there is a `modulation`, (depth, batch, modulations,
    /// width), each block is modulated by its own.
    pub(super) fn forward(&self, tokens: Tensor<3>, modulation: Option<Tensor<4>>) -> Tensor<3> {
        #[cfg(target_arch = "wasm32")]
        if tokens.device() == Device::flex() {
            return cpu::forward(self, tokens, modulation);
        }
        #[cfg(target_arch = "wasm32")]
        if let Some(result) = gpu::forward(self, &tokens, modulation.as_ref()) {
            return result;
        }
        self.by_burn(tokens, modulation)
    }

    /// [`Stack::forward`], and its transposed derivative there: from what is asked of the result to what that asks of the
    /// tokens.
    pub(super) fn pullback(
        &self,
        tokens: Tensor<3>,
        modulation: Option<Tensor<4>>,
    ) -> (Tensor<3>, impl Fn(Tensor<3>) -> Tensor<3> + use<>) {
        pullback::pullback(self, tokens, modulation)
    }

    fn by_burn(&self, tokens: Tensor<3>, modulation: Option<Tensor<4>>) -> Tensor<3> {
        let mut tokens = self.input.forward(tokens) + self.positions.val();
        for (index, block) in self.blocks.iter().enumerate() {
            tokens = block.forward(tokens, modulation.clone().map(|all| all.narrow(0, index, 1).squeeze_dim(0)));
        }
        self.output.forward(rms_norm(tokens))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TransformerConfig;
    use crate::model::block::{MODULATIONS, linear, positions};

    /// Sums of f32 in another order, through two blocks.
    const ORDER: f32 = 2e-5;

    /// Random layers of a width that is no multiple of any tile, with biases that are not zero.
    struct Layers {
        input: Linear,
        positions: Param<Tensor<3>>,
        blocks: Vec<Block>,
        output: Linear,
    }

    impl Layers {
        fn new(config: TransformerConfig, tokens: [usize; 2], device: &Device) -> Self {
            let random = |layer: Linear| Linear { bias: layer.bias.map(|bias| bias.map(normal)), ..layer };
            let block = |_| {
                let Block { qkv, attention_out, up, down, heads } = Block::new(config, device);
                let [qkv, attention_out, up, down] = [qkv, attention_out, up, down].map(random);
                Block { qkv, attention_out, up, down, heads }
            };
            Self {
                input: random(linear(7, config.width, 1.0, device)),
                positions: positions(tokens, config.width, device),
                blocks: (0..config.depth).map(block).collect(),
                output: random(linear(config.width, 17, 1.0, device)),
            }
        }

        fn stack(&self) -> Stack<'_> {
            let Self { input, positions, blocks, output } = self;
            Stack { input, positions, blocks, output }
        }
    }

    fn normal<const D: usize>(like: Tensor<D>) -> Tensor<D> {
        like.random_like(burn::tensor::Distribution::Normal(0.0, 0.5))
    }

    /// What the twins make of the same tokens, with and without modulation.
    fn check(forward: impl Fn(&Stack<'_>, Tensor<3>, Option<Tensor<4>>) -> Tensor<3>, device: &Device) {
        device.seed(1);
        for (config, tokens) in [
            (TransformerConfig { width: 20, depth: 2, heads: 2 }, [2, 5]),
            (TransformerConfig { width: 192, depth: 1, heads: 3 }, [9, 9]),
        ] {
            let layers = Layers::new(config, tokens, device);
            let input = normal(Tensor::<3>::zeros([2, tokens[0] * tokens[1], 7], device));
            let modulation = normal(Tensor::<4>::zeros([config.depth, 2, MODULATIONS, config.width], device));
            for modulation in [None, Some(modulation)] {
                let expected = layers.stack().by_burn(input.clone(), modulation.clone());
                let found = forward(&layers.stack(), input.clone(), modulation);
                assert_eq!(found.dims(), expected.dims());
                let error = (found - expected.clone()).square().sum().sqrt() / expected.square().sum().sqrt();
                let error = error.into_scalar::<f32>();
                assert!(error <= ORDER, "width {}: relative L2 {error}", config.width);
            }
        }
    }

    #[test]
    fn the_processors_stack_is_that_of_burn() {
        check(cpu::forward, &Device::flex());
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn the_pullback_is_what_backpropagation_computes() {
        let device = Device::flex();
        device.seed(1);
        let (config, tokens) = (TransformerConfig { width: 20, depth: 2, heads: 2 }, [2, 5]);
        let layers = Layers::new(config, tokens, &device);
        let input = normal(Tensor::<3>::zeros([2, 10, 7], &device));
        let asked = normal(Tensor::<3>::zeros([2, 10, 17], &device));
        let modulation = normal(Tensor::<4>::zeros([config.depth, 2, MODULATIONS, config.width], &device));
        let (blocks, positions) = (layers.blocks.clone().train(), layers.positions.clone().train());
        let (input_layer, output) = (layers.input.clone().train(), layers.output.clone().train());
        let stack = Stack { input: &input_layer, positions: &positions, blocks: &blocks, output: &output };
        for modulation in [None, Some(modulation)] {
            let (value, pullback) = layers.stack().pullback(input.clone(), modulation.clone());
            let found = pullback(asked.clone());
            let learned = input.clone().autodiff().require_grad();
            let result = stack.by_burn(learned.clone(), modulation.map(Tensor::autodiff));
            let gradients = (result.clone() * asked.clone().autodiff()).sum().backward();
            for (found, expected) in [(value, result.inner()), (found, learned.grad(&gradients).unwrap())] {
                let error = (found - expected.clone()).square().sum().sqrt() / expected.square().sum().sqrt();
                assert!(error.into_scalar::<f32>() <= ORDER);
            }
        }
    }
}
