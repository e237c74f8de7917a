//! Held-out pairs that a run is measured on while it trains.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use burn::prelude::*;
use rayon::prelude::*;
use wavediffusion::consistency::deviation;
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::model::{Autoencoder, ImageConfig, ModelConfig, Quantised};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use super::halves::VelocityHalf;
use super::preview::{save_maps, save_pairs};
use super::run::Figures;
use crate::synth;

/// Sequence of the maps that training is validated on, apart from those of the final evaluation.
const SEED: u64 = synth::HELD_OUT_SEEDS + 500_000;

/// True pairs that training never sees.
pub struct HeldOut {
    survey: Survey,
    normalisation: Normalisation,
    seismic: ImageConfig,
    velocity: Vec<VelocityMap>,
    gathers: Vec<Gathers>,
}

impl HeldOut {
    /// Makes `each` pairs of every family, half a second of simulation each.
    ///
    /// # Errors
    /// When the survey does not fit the maps.
    pub fn new(survey: &Survey, normalisation: Normalisation, model: &ModelConfig, each: u64) -> Result<Self> {
        let velocity: Vec<VelocityMap> =
            (0..each).flat_map(|index| Family::ALL.map(|family| synth::generate(family, SEED, index))).collect();
        let gathers = velocity.iter().map(|map| wave::simulate(survey, map)).collect::<Result<_, _>>()?;
        Ok(Self { survey: survey.clone(), normalisation, seismic: model.seismic, velocity, gathers })
    }

    /// Encodes, quantises and decodes the maps; draws them above what came back.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub fn reconstruct_maps(&self, model: &VelocityHalf, picture: &Path) -> Result<Figures> {
        let device = model.codebook.codes().device();
        let codes = model.codebook.codes().dims()[0];
        let Quantised { latent, indices } = model.codebook.quantise(model.encoder.forward(self.velocity(&device)));
        let maps = self.maps(model.decoder.forward(latent))?;
        let rows: Vec<f32> = self
            .velocity
            .chunks(Family::ALL.len())
            .zip(maps.chunks(Family::ALL.len()))
            .flat_map(|(truth, decoded)| truth.iter().chain(decoded))
            .flat_map(|map| map.values().iter().copied())
            .collect();
        save_maps(&rows, self.velocity[0].nx(), Family::ALL.len() as u32, picture)?;
        let used: HashSet<i64> = indices.try_into_vec_as::<i64>()?.into_iter().collect();
        Ok(vec![("velocity_mae", self.velocity_error(&maps)), ("codes_used", used.len() as f64 / codes as f64)])
    }

    /// Encodes each modality, decodes, and compares with the truth and with the simulator; draws the pairs that were
    /// encoded from velocity.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub fn reconstruct_pairs(&self, model: &Autoencoder, picture: &Path) -> Result<Figures> {
        let device = model.codebook.codes().device();
        let count = self.velocity.len();
        let logs: Vec<f32> = self.gathers.iter().flat_map(|g| self.normalisation.to_model(g)).collect();
        let ImageConfig { channels, rows, columns, .. } = self.seismic;
        let seismic = Tensor::from_data(TensorData::new(logs.clone(), [count, channels, rows, columns]), &device);

        let from_velocity = self.decode(model, model.velocity_encoder.forward(self.velocity(&device)))?;
        let from_seismic = self.decode(model, model.seismic_encoder.forward(seismic))?;
        let stride = channels * rows * columns;
        let pairs: Vec<[&[f32]; 4]> = (0..count)
            .map(|i| {
                let shot = &logs[i * stride..][..rows * columns];
                let decoded = &from_velocity.logs[i * stride..][..rows * columns];
                [self.velocity[i].values(), from_velocity.maps[i].values(), shot, decoded]
            })
            .collect();
        save_pairs(&pairs, columns, picture)?;
        Ok(vec![
            ("velocity_mae", self.velocity_error(&from_velocity.maps)),
            ("gathers_error", median(self.gathers.iter().zip(&from_velocity.gathers).map(|(t, d)| deviation(d, t)))),
            ("deviation", median(self.deviations(&from_velocity)?.into_iter())),
            ("inversion_mae", self.velocity_error(&from_seismic.maps)),
            ("inversion_deviation", median(self.deviations(&from_seismic)?.into_iter())),
        ])
    }

    fn decode(&self, model: &Autoencoder, latent: Tensor<3>) -> Result<Decoded> {
        let (velocity, seismic) = model.decode(latent);
        let logs = seismic.try_into_vec_as::<f32>()?;
        let maps = self.maps(velocity)?;
        let ImageConfig { channels, rows, columns, .. } = self.seismic;
        let samples = self.survey.config().samples;
        let gathers = logs
            .chunks_exact(channels * rows * columns)
            .map(|logs| self.normalisation.from_model(logs, channels, samples, columns))
            .collect();
        Ok(Decoded { maps, logs, gathers })
    }

    /// Normalised velocity, (maps, 1, nz, nx).
    fn velocity(&self, device: &Device) -> Tensor<4> {
        let (nz, nx) = (self.velocity[0].nz(), self.velocity[0].nx());
        let values = self.velocity.iter().flat_map(|map| map.values());
        let values: Vec<f32> = values.map(|&v| self.normalisation.normalise_velocity(v)).collect();
        Tensor::from_data(TensorData::new(values, [self.velocity.len(), 1, nz, nx]), device)
    }

    /// Maps of decoded velocity.
    fn maps(&self, velocity: Tensor<4>) -> Result<Vec<VelocityMap>> {
        let [_, _, nz, nx] = velocity.dims();
        velocity
            .try_into_vec_as::<f32>()?
            .chunks_exact(nz * nx)
            .map(|map| VelocityMap::new(nz, nx, map.iter().map(|&v| self.normalisation.restore_velocity(v)).collect()))
            .collect::<Result<_, _>>()
            .context("the decoder's velocity map")
    }

    /// Mean absolute error of decoded velocity, m/s.
    fn velocity_error(&self, maps: &[VelocityMap]) -> f64 {
        let errors =
            self.velocity.iter().zip(maps).flat_map(|(truth, map)| {
                truth.values().iter().zip(map.values()).map(|(t, v)| f64::from((t - v).abs()))
            });
        let (sum, count) = errors.fold((0.0, 0usize), |(sum, count), error| (sum + error, count + 1));
        sum / count as f64
    }

    /// Deviation of each decoded pair from the wave equation.
    fn deviations(&self, decoded: &Decoded) -> Result<Vec<f64>> {
        let pairs: Vec<_> = decoded.maps.iter().zip(&decoded.gathers).collect();
        pairs
            .into_par_iter()
            .map(|(map, gathers)| Ok(deviation(gathers, &wave::simulate(&self.survey, map)?)))
            .collect()
    }
}

/// Decoded pairs.
struct Decoded {
    maps: Vec<VelocityMap>,
    /// Log amplitudes on the model's time axis, all pairs.
    logs: Vec<f32>,
    gathers: Vec<Gathers>,
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
