//! Held-out pairs that a run is measured on while it trains.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use burn::prelude::*;
use rayon::prelude::*;
use wavediffusion::consistency::{Comparison, compare, deviation};
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::model::{ImageConfig, PatchDecoder, PatchEncoder, Quantised};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use super::parts::VelocityHalf;
use super::preview::{save_maps, save_pairs};
use super::run::Figures;
use crate::classifier::{HalfLook, Look, PairClassifier, likeliest};
use crate::evaluate::{mean, median, reflected};
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
    /// Makes `each` pairs of every family.
    ///
    /// # Errors
    /// When the survey does not fit the maps.
    pub fn new(survey: &Survey, normalisation: Normalisation, seismic: ImageConfig, each: u64) -> Result<Self> {
        let velocity: Vec<VelocityMap> =
            (0..each).flat_map(|index| Family::ALL.map(|family| synth::generate(family, SEED, index))).collect();
        let gathers = velocity.par_iter().map(|map| wave::simulate(survey, map)).collect::<Result<_, _>>()?;
        Ok(Self { survey: survey.clone(), normalisation, seismic, velocity, gathers })
    }

    /// Encodes, quantises and decodes the maps; draws them above what came back.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub fn reconstruct_maps(&self, velocity: &VelocityHalf, picture: &Path) -> Result<Figures> {
        let codes = velocity.codebook.codes().dims()[0];
        let Quantised { latent, indices } = velocity.quantise(self.encode(velocity));
        let maps = self.maps(velocity.decoder.forward(latent))?;
        self.draw_maps(&maps, picture)?;
        let used: HashSet<i64> = indices.try_into_vec_as::<i64>()?.into_iter().collect();
        Ok(vec![("velocity_mae", self.velocity_error(&maps)), ("codes_used", used.len() as f64 / codes as f64)])
    }

    /// Encodes the maps, decodes them to pairs, the gathers from codes of `reader`'s codebook, and compares with the truth
    /// and with the simulator; draws the pairs.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub fn reconstruct_pairs(
        &self,
        velocity: &VelocityHalf,
        reader: &VelocityHalf,
        seismic_decoder: &PatchDecoder,
        picture: &Path,
    ) -> Result<Figures> {
        let latent = self.encode(velocity);
        let maps = self.maps(velocity.decoder.forward(velocity.quantise(latent.clone()).latent))?;
        let decoded = seismic_decoder.forward(reader.quantise(latent).latent).try_into_vec_as::<f32>()?;
        let ImageConfig { channels, rows, columns, .. } = self.seismic;
        let samples = self.survey.config().samples;
        let gathers: Vec<Gathers> = decoded
            .chunks_exact(channels * rows * columns)
            .map(|logs| self.normalisation.from_model(logs, channels, samples, columns))
            .collect();

        let truth = self.log_amplitudes();
        let first_shot = |logs: &[f32]| -> Vec<Vec<f32>> {
            logs.chunks_exact(channels * rows * columns).map(|logs| logs[..rows * columns].to_vec()).collect()
        };
        let (true_shots, decoded_shots) = (first_shot(&truth), first_shot(&decoded));
        let pairs: Vec<[&[f32]; 4]> = (0..maps.len())
            .map(|i| [self.velocity[i].values(), maps[i].values(), &true_shots[i], &decoded_shots[i]])
            .collect();
        save_pairs(&pairs, columns, picture)?;

        let errors: Vec<f64> =
            self.gathers.iter().zip(&gathers).map(|(truth, decoded)| deviation(decoded, truth)).collect();
        let compared = maps
            .par_iter()
            .zip(&gathers)
            .map(|(map, gathers)| {
                let simulated = wave::simulate(&self.survey, map)?;
                let compared = compare(gathers, &simulated, &self.normalisation);
                Ok((compared, reflected(&self.survey, map, gathers, &simulated)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let (compared, reflected): (Vec<Comparison>, Vec<f64>) = compared.into_iter().unzip();
        let all = |figure: fn(&Comparison) -> f64| compared.iter().map(figure).collect::<Vec<f64>>();
        Ok(vec![
            ("gathers_error", median(&errors)),
            ("deviation", median(&all(|pair| pair.deviation))),
            ("reflected_deviation", median(&reflected)),
            ("waveform_ssim", mean(&all(|pair| pair.ssim))),
        ])
    }

    /// Encodes the gathers and decodes them to maps; draws the true maps above these.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub fn invert(&self, velocity: &VelocityHalf, seismic_encoder: &PatchEncoder, picture: &Path) -> Result<Figures> {
        let device = velocity.codebook.codes().device();
        let latent = velocity.quantise(seismic_encoder.forward(self.seismic(&device))).latent;
        let maps = self.maps(velocity.decoder.forward(latent))?;
        self.draw_maps(&maps, picture)?;
        Ok(vec![("inversion_mae", self.velocity_error(&maps))])
    }

    /// Shares of the maps and of the gathers whose family the classifier tells.
    ///
    /// # Errors
    /// When the device fails.
    pub fn classify(&self, classifier: &PairClassifier) -> Result<Figures> {
        let device = classifier.device();
        let looks = classifier.look(self.velocity(&device), self.seismic(&device))?;
        let right = |half: fn(&Look) -> &HalfLook| {
            let told = looks.iter().map(|look| likeliest(half(look).families.iter().copied()));
            told.zip(Family::ALL.iter().cycle()).filter(|(told, truth)| *told == Some(**truth)).count() as f64
        };
        let share = |half| right(half) / looks.len() as f64;
        Ok(vec![("map_accuracy", share(|look| &look.map)), ("gather_accuracy", share(|look| &look.gathers))])
    }

    /// Latents of the maps.
    fn encode(&self, velocity: &VelocityHalf) -> Tensor<3> {
        let device = velocity.codebook.codes().device();
        velocity.encoder.forward(self.velocity(&device))
    }

    /// Draws the true maps, a row a family's turn, above those in their places.
    fn draw_maps(&self, maps: &[VelocityMap], picture: &Path) -> Result<()> {
        let across = Family::ALL.len();
        let rows: Vec<f32> = self
            .velocity
            .chunks(across)
            .zip(maps.chunks(across))
            .flat_map(|(truth, decoded)| truth.iter().chain(decoded))
            .flat_map(|map| map.values().iter().copied())
            .collect();
        save_maps(&rows, self.velocity[0].nx(), across as u32, picture)
    }

    /// Log amplitudes on the model's time axis, all pairs.
    fn log_amplitudes(&self) -> Vec<f32> {
        self.gathers.iter().flat_map(|gathers| self.normalisation.to_model(gathers)).collect()
    }

    /// The same as images, (pairs, shots, samples, receivers).
    fn seismic(&self, device: &Device) -> Tensor<4> {
        let ImageConfig { channels, rows, columns, .. } = self.seismic;
        let shape = [self.gathers.len(), channels, rows, columns];
        Tensor::from_data(TensorData::new(self.log_amplitudes(), shape), device)
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
}
