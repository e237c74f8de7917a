//! What a codebook of the seismic side's own is fitted to.

use anyhow::Result;
use burn::prelude::*;
use wavediffusion::generate::PairModel;
use wavediffusion::wave;

use super::{family, in_batches};
use crate::synth;

/// Seed of their maps: training data, not held out.
const SEED: u64 = 1;

/// What the seismic encoder writes of `pairs` training pairs, (pairs, tokens, latent width).
pub(super) fn training_latents(model: &PairModel, pairs: usize) -> Result<Tensor<3>> {
    let latents = in_batches(model, 0..pairs, "fitting a second codebook", |model, slots| {
        let maps = slots.iter().map(|&slot| synth::generate(family(slot), SEED, slot as u64));
        let gathers = maps.map(|map| Ok(wave::simulate(&model.manifest.survey, &map)?)).collect::<Result<Vec<_>>>()?;
        let latent = model.autoencoder.seismic_encoder.forward(model.seismic_tensor(gathers.iter()));
        Ok(vec![latent])
    })?;
    Ok(Tensor::cat(latents, 0))
}
