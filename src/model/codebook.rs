//! Vector quantisation with one codebook for both modalities (VQ-VAE, arXiv 1711.00937).

use burn::module::Param;
use burn::nn::Initializer;
use burn::prelude::*;

use super::config::LatentConfig;

/// The shared codebook. A token of the latent is several codes side by side.
#[derive(Module, Debug)]
pub struct Codebook {
    /// (codes, code width)
    codes: Param<Tensor<2>>,
}

/// A latent and the codes nearest to it.
#[derive(Debug)]
pub struct Quantised {
    /// The codes in place of the latent, (batch, tokens, latent width). Gradients pass straight through to the latent.
    pub latent: Tensor<3>,
    /// Index of each code, (batch x tokens x codes per token).
    pub indices: Tensor<1, Int>,
}

impl Codebook {
    /// A codebook of random codes.
    pub fn new(config: LatentConfig, device: &Device) -> Self {
        let codes = Initializer::Normal { mean: 0.0, std: 1.0 }.init([config.codes, config.code_width], device);
        Self { codes }
    }

    /// The codes, (codes, code width), outside of any gradient graph.
    pub fn codes(&self) -> Tensor<2> {
        self.codes.val().inner()
    }

    /// The codebook with other codes.
    pub fn with_codes(self, codes: Tensor<2>) -> Self {
        Self { codes: self.codes.map(|old| if old.is_autodiff() { codes.autodiff() } else { codes }) }
    }

    /// Replaces each code-wide slice of the latent by its nearest code.
    pub fn quantise(&self, latent: Tensor<3>) -> Quantised {
        let codes = self.codes();
        let [batch, tokens, width] = latent.dims();
        let [_, code_width] = codes.dims();
        let plain = latent.clone().inner();
        let slices = plain.clone().reshape([batch * tokens * (width / code_width), code_width]);
        let indices = nearest(slices, codes.clone());
        let quantised = codes.select(0, indices.clone()).reshape([batch, tokens, width]);
        let latent = if latent.is_autodiff() { latent + (quantised - plain).autodiff() } else { quantised };
        Quantised { latent, indices }
    }
}

/// Index of the code nearest to each slice: smallest |c|^2 / 2 - c.s.
fn nearest(slices: Tensor<2>, codes: Tensor<2>) -> Tensor<1, Int> {
    let half_norms = codes.clone().square().sum_dim(1).transpose() * 0.5;
    (slices.matmul(codes.transpose()) - half_norms).argmax(1).flatten(0, 1)
}
