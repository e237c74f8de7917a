//! What quantisation and the half that is encoded from do to true pairs.

use anyhow::Result;
use serde::Serialize;
use wavediffusion::consistency::deviation;
use wavediffusion::generate::PairModel;
use wavediffusion::model::Modality;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use super::{family, in_batches};
use crate::evaluate::median;
use crate::synth;

/// What a latent is encoded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The velocity map.
    Velocity,
    /// The gathers.
    Seismic,
    /// The mean of both encoders' latents.
    Both,
}

/// Held-out pairs, encoded and decoded.
#[derive(Clone, Debug, Serialize)]
pub struct Encoded {
    /// What was encoded.
    pub source: Source,
    /// Whether the latent was quantised.
    pub quantised: bool,
    /// Mean absolute error of the velocity, m/s.
    pub velocity_mae_mps: f64,
    /// Relative L2 error of the gathers, median.
    pub gathers_error_median: f64,
    /// Deviation of the decoded pair, median: the floor of this way of encoding.
    pub floor_median: f64,
}

/// Errors of one pair: of the velocity, of the gathers, and the deviation.
type Errors = [f64; 3];

/// Encodes held-out pairs every way.
///
/// # Errors
/// When the networks fail.
pub fn encode(model: &PairModel, samples: usize, seed: u64) -> Result<Vec<Encoded>> {
    let sources = [Source::Velocity, Source::Seismic, Source::Both];
    let ways: Vec<(Source, bool)> = sources.into_iter().flat_map(|source| [(source, true), (source, false)]).collect();
    let errors = in_batches(model, 0..samples, "encoding held-out pairs", |model, slots| {
        let maps: Vec<VelocityMap> =
            slots.iter().map(|&slot| synth::generate(family(slot), seed, slot as u64)).collect();
        let survey = &model.manifest.survey;
        let gathers = maps.iter().map(|map| Ok(wave::simulate(survey, map)?)).collect::<Result<Vec<_>>>()?;
        let parts = &model.autoencoder;
        let (velocity, seismic) = (model.velocity_tensor(maps.iter()), model.seismic_tensor(gathers.iter()));
        let mut found = vec![Vec::new(); slots.len()];
        for &(source, quantised) in &ways {
            let modality = match source {
                Source::Velocity => Modality::Velocity,
                Source::Seismic => Modality::Seismic,
                Source::Both => Modality::Both,
            };
            let latent = parts.encode(modality, velocity.clone(), seismic.clone());
            let read = if quantised { parts.codebook.quantise(latent).latent } else { latent };
            let decoded = (parts.velocity_decoder.forward(read.clone()), parts.seismic_decoder.forward(read));
            let pairs = pollster::block_on(model.read_pairs(decoded.0, decoded.1))?;
            for (index, pair) in pairs.iter().enumerate() {
                let decoded = model.gathers(pair);
                found[index].push([
                    maps[index].mean_error(&pair.velocity),
                    deviation(&decoded, &gathers[index]),
                    deviation(&decoded, &wave::simulate(survey, &pair.velocity)?),
                ]);
            }
        }
        Ok(found)
    })?;
    let each = |way: usize, figure: usize| -> Vec<f64> {
        errors.iter().map(|sample: &Vec<Errors>| sample[way][figure]).collect()
    };
    Ok(ways
        .iter()
        .enumerate()
        .map(|(way, &(source, quantised))| {
            let velocity = each(way, 0);
            Encoded {
                source,
                quantised,
                velocity_mae_mps: velocity.iter().sum::<f64>() / velocity.len() as f64,
                gathers_error_median: median(&each(way, 1)),
                floor_median: median(&each(way, 2)),
            }
        })
        .collect())
}
