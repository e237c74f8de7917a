//! Pairs of ground that no family is like: what the networks make of a salt body and of a folded, faulted section.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use wavediffusion::consistency::deviation;
use wavediffusion::gathers::Gathers;
use wavediffusion::generate::{DecodedPair, PairModel};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use super::map_ssim;
use crate::synth::unseen;

/// What came of a pair that no family made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unseen {
    /// What the map shows.
    pub name: String,
    /// Encoded from the map and decoded: mean absolute error of the velocity, m/s.
    pub velocity_mae_mps: f64,
    /// Relative L2 error of its gathers.
    pub gathers_error: f64,
    /// Deviation of the decoded pair from the wave equation: this map's floor.
    pub floor: f64,
    /// Inverted from the gathers: mean absolute error of the velocity, m/s.
    pub inversion_mae_mps: f64,
    /// Structural similarity with the true map.
    pub inversion_ssim: f64,
    /// How far the inverted map's gathers are from those given: relative L2.
    pub inversion_misfit: f64,
}

/// A pair that no family made, and what the networks made of it.
#[derive(Clone, Debug)]
pub struct UnseenPair {
    /// The figures.
    pub figures: Unseen,
    /// The true map.
    pub velocity: VelocityMap,
    /// Its gathers.
    pub gathers: Gathers,
    /// Encoded from the map and decoded.
    pub reconstructed: DecodedPair,
    /// Encoded from the gathers and decoded.
    pub inverted: DecodedPair,
}

/// Encodes and decodes every such pair, from either half.
///
/// # Errors
/// When the networks fail.
pub fn unseen_pairs(model: &PairModel) -> Result<Vec<UnseenPair>> {
    unseen::maps().into_iter().map(|(name, velocity)| measure(model, name, velocity)).collect()
}

fn measure(model: &PairModel, name: &str, velocity: VelocityMap) -> Result<UnseenPair> {
    let survey = &model.manifest.survey;
    let gathers = wave::simulate(survey, &velocity)?;
    let encoders = &model.autoencoder;
    let from_velocity = encoders.velocity_encoder.forward(model.velocity_tensor(std::iter::once(&velocity)));
    let from_seismic = encoders.seismic_encoder.forward(model.seismic_tensor(std::iter::once(&gathers)));
    let decode = |latent| -> Result<DecodedPair> { Ok(pollster::block_on(model.decode(latent))?.remove(0)) };
    let (reconstructed, inverted) = (decode(from_velocity)?, decode(from_seismic)?);
    let decoded = model.gathers(&reconstructed);
    let figures = Unseen {
        name: name.to_owned(),
        velocity_mae_mps: velocity.mean_error(&reconstructed.velocity),
        gathers_error: deviation(&decoded, &gathers),
        floor: deviation(&decoded, &wave::simulate(survey, &reconstructed.velocity)?),
        inversion_mae_mps: velocity.mean_error(&inverted.velocity),
        inversion_ssim: map_ssim(model, &velocity, &inverted.velocity),
        inversion_misfit: deviation(&wave::simulate(survey, &inverted.velocity)?, &gathers),
    };
    Ok(UnseenPair { figures, velocity, gathers, reconstructed, inverted })
}
