//! What moves the weights.

use burn::grad_clipping::GradientClippingConfig;
use burn::module::ParamGroup;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamWConfig, AdjustLrFn, ModuleOptimizer, MuonConfig};

use super::config::{LoopConfig, Optimiser};

/// What the paths of a transformer block's matrices contain.
const BLOCK_MATRICES: [&str; 2] = ["blocks.", ".weight"];

/// AdamW, with Muon for the matrices of transformer blocks if the run asks for it.
pub fn optimiser(config: &LoopConfig) -> ModuleOptimizer {
    let adamw = AdamWConfig::new()
        .with_beta_2(0.99)
        .with_epsilon(1e-8)
        .with_weight_decay(config.weight_decay)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(config.clip)))
        .init();
    match config.optimiser {
        Optimiser::AdamW => adamw,
        Optimiser::Muon => {
            let muon = MuonConfig::new()
                .with_weight_decay(Some(WeightDecayConfig::new(config.weight_decay)))
                .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
                .build();
            adamw.with_group(ParamGroup::from_predicates(BLOCK_MATRICES.to_vec()), muon, None)
        }
    }
}
