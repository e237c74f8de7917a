//! How good the weights are: generated pairs against the wave equation, with floor and ceiling, and inversion.

mod path;
mod report;
mod summary;

use anyhow::{Context, Result};
use rayon::prelude::*;
use wavediffusion::consistency::{compare, deviation, ssim};
use wavediffusion::diffusion::SamplerConfig;
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::generate::{DecodedPair, PairModel};
use wavediffusion::model::FamilyLabel;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

pub use path::Path;
pub use report::{Codebook, Deviation, Metrics, Reconstruction, Report};
pub use summary::{median, quantile};

use crate::dataset::Dataset;
use crate::progress::progress_bar;
use crate::synth;

/// Samples that go through the networks together.
const BATCH: usize = 5;

/// How an evaluation is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Generated pairs, and held-out pairs, over all families.
    pub samples: usize,
    /// Generated pairs, the first ones, whose deviation is measured after every denoising step.
    pub paths: usize,
    /// Fixes the noise and the held-out maps.
    pub seed: u64,
    /// Steps and guidance.
    pub sampler: SamplerConfig,
}

/// What is measured on one generated and one held-out pair of a family.
#[derive(Clone, Debug)]
struct Measurement {
    family: Family,
    /// Generated pair.
    deviation: f64,
    waveform_ssim: f64,
    waveform_mse: f64,
    /// Held-out pair, encoded from its velocity.
    floor: f64,
    velocity_error: f64,
    gathers_error: f64,
    codes: Vec<usize>,
    /// Held-out pair, encoded from its gathers.
    inversion_error: f64,
    inversion_ssim: f64,
    /// Held-out gathers against those of another map of the family.
    ceiling: f64,
    /// Deviation of the generated pair after each denoising step, if it was followed.
    path: Option<Vec<f64>>,
}

/// A true pair.
#[derive(Clone)]
struct TruePair {
    family: Family,
    velocity: VelocityMap,
    gathers: Gathers,
}

/// Measures the weights on generated pairs and on held-out ones: synthetic maps of the seed's own, which training never
/// sees, or the pairs of `data`.
///
/// # Errors
/// When the data cannot be read or the networks fail.
pub fn evaluate(model: &PairModel, plan: Plan, data: Option<&Dataset>) -> Result<Report> {
    let bar = progress_bar("evaluating samples", plan.samples);
    let slots: Vec<usize> = (0..plan.samples).collect();
    let measurements = slots
        .chunks(BATCH)
        .map(|chunk| (chunk.to_vec(), model.clone()))
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(chunk, model)| {
            let measured = measure(&model, plan, data, &chunk);
            bar.inc(chunk.len() as u64);
            measured
        })
        .collect::<Result<Vec<_>>>()?
        .concat();
    bar.finish_and_clear();
    Ok(Report::new(plan, &measurements, model.manifest.model.latent.codes))
}

fn measure(model: &PairModel, plan: Plan, data: Option<&Dataset>, slots: &[usize]) -> Result<Vec<Measurement>> {
    let survey = &model.manifest.survey;
    let normalisation = model.manifest.normalisation;
    let truths = slots.iter().map(|&slot| true_pair(model, plan, data, slot)).collect::<Result<Vec<_>>>()?;

    let requests: Vec<(u64, FamilyLabel)> = slots
        .iter()
        .zip(&truths)
        .map(|(&slot, truth)| (plan.seed.wrapping_add(slot as u64), FamilyLabel::Of(truth.family)))
        .collect();
    let (generated, mut paths) = if slots.iter().any(|&slot| slot < plan.paths) {
        follow(model, plan.sampler, &requests)?
    } else {
        (sample(model, plan.sampler, &requests)?, Vec::new())
    };
    let from_velocity =
        model.autoencoder.velocity_encoder.forward(model.velocity_tensor(truths.iter().map(|truth| &truth.velocity)));
    let from_seismic =
        model.autoencoder.seismic_encoder.forward(model.seismic_tensor(truths.iter().map(|truth| &truth.gathers)));
    let codes = model.autoencoder.codebook.quantise(from_velocity.clone()).indices;
    let codes: Vec<i64> = codes.into_data().convert::<i64>().try_to_vec()?;
    let codes_each = codes.len() / truths.len();
    let reconstructed = pollster::block_on(model.decode(from_velocity))?;
    let inverted = pollster::block_on(model.decode(from_seismic))?;

    let mut measurements = Vec::new();
    for (index, truth) in truths.iter().enumerate() {
        let gathers = model.gathers(&generated[index]);
        let comparison = compare(&gathers, &wave::simulate(survey, &generated[index].velocity)?, &normalisation);
        let decoded = model.gathers(&reconstructed[index]);
        let simulated = wave::simulate(survey, &reconstructed[index].velocity)?;
        let other = other_pair(model, plan, data, slots[index], truth.family)?;
        measurements.push(Measurement {
            family: truth.family,
            deviation: comparison.deviation,
            waveform_ssim: comparison.ssim,
            waveform_mse: comparison.mse,
            floor: deviation(&decoded, &simulated),
            velocity_error: truth.velocity.mean_error(&reconstructed[index].velocity),
            gathers_error: deviation(&decoded, &truth.gathers),
            codes: codes[index * codes_each..][..codes_each].iter().map(|&code| code as usize).collect(),
            inversion_error: truth.velocity.mean_error(&inverted[index].velocity),
            inversion_ssim: map_ssim(model, &truth.velocity, &inverted[index].velocity),
            ceiling: deviation(&truth.gathers, &other),
            path: paths.get_mut(index).filter(|_| slots[index] < plan.paths).map(std::mem::take),
        });
    }
    Ok(measurements)
}

/// Generates pairs, one for each seed and label.
///
/// # Errors
/// When the networks fail.
pub fn sample(model: &PairModel, config: SamplerConfig, requests: &[(u64, FamilyLabel)]) -> Result<Vec<DecodedPair>> {
    let latent = model.sampler(config, requests).finish().context("a sampler takes at least one step")?;
    Ok(pollster::block_on(model.decode(latent))?)
}

/// Generates pairs and measures each one's deviation after every step.
fn follow(
    model: &PairModel,
    config: SamplerConfig,
    requests: &[(u64, FamilyLabel)],
) -> Result<(Vec<DecodedPair>, Vec<Vec<f64>>)> {
    let mut sampler = model.sampler(config, requests);
    let (mut pairs, mut paths) = (Vec::new(), vec![Vec::new(); requests.len()]);
    while let Some(step) = sampler.advance() {
        pairs = pollster::block_on(model.decode(step.latent))?;
        for (pair, path) in pairs.iter().zip(&mut paths) {
            let simulated = wave::simulate(&model.manifest.survey, &pair.velocity)?;
            path.push(deviation(&model.gathers(pair), &simulated));
        }
    }
    Ok((pairs, paths))
}

/// Held-out pair of a slot: families take turns.
fn true_pair(model: &PairModel, plan: Plan, data: Option<&Dataset>, slot: usize) -> Result<TruePair> {
    if let Some(data) = data {
        let index = slot % data.len();
        let family = data.family(index).with_context(|| {
            format!("pair {index} lies in a folder that names no family; the families are {:?}", Family::ALL)
        })?;
        return Ok(TruePair { family, velocity: data.velocity(index)?, gathers: data.gathers(index)? });
    }
    let family = Family::ALL[slot % Family::ALL.len()];
    let velocity = synth::generate(family, plan.seed, slot as u64);
    let gathers = wave::simulate(&model.manifest.survey, &velocity)?;
    Ok(TruePair { family, velocity, gathers })
}

/// Gathers of another pair of the family, for the ceiling.
fn other_pair(model: &PairModel, plan: Plan, data: Option<&Dataset>, slot: usize, family: Family) -> Result<Gathers> {
    if let Some(data) = data {
        let others = (1..data.len()).map(|step| (slot + step) % data.len());
        let other = others.into_iter().find(|&index| data.family(index) == Some(family));
        return data.gathers(other.with_context(|| format!("the data holds only one pair of {family}"))?);
    }
    let velocity = synth::generate(family, plan.seed, (plan.samples + slot) as u64);
    Ok(wave::simulate(&model.manifest.survey, &velocity)?)
}

/// Structural similarity of two maps scaled to 0..1.
fn map_ssim(model: &PairModel, truth: &VelocityMap, map: &VelocityMap) -> f64 {
    let unit = |map: &VelocityMap| -> Vec<f32> {
        map.values().iter().map(|&v| (model.manifest.normalisation.normalise_velocity(v) + 1.0) * 0.5).collect()
    };
    ssim(&unit(truth), &unit(map), truth.nx())
}
