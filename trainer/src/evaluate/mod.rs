//! How good the weights are: generated pairs against the wave equation, with floor and ceiling, and inversion.

mod held_out;
mod kept;
mod path;
mod precision;
mod refined;
mod report;
mod seams;
mod summary;
mod unseen;

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use anyhow::{Context, Result, ensure};
use burn::prelude::*;
use serde::{Deserialize, Serialize};
use wavediffusion::consistency::{compare, deviation, reflected_deviation, ssim};
use wavediffusion::diffusion::SamplerConfig;
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::generate::{DecodedPair, PairModel};
use wavediffusion::invert::InversionConfig;
use wavediffusion::model::FamilyLabel;
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

pub use path::Path;
pub use precision::PrecisionChange;
pub use report::{Codebook, Deviation, Metrics, Reconstruction, Report};
pub use summary::{mean, median, quantile};
pub use unseen::{Unseen, UnseenPair, unseen_pairs};

use held_out::{HeldOut, TruePair};
use kept::Kept;
use refined::Refined;
use seams::Seams;

use crate::batches::in_batches;
use crate::classifier::{self, PairClassifier};
use crate::dataset::Dataset;
use crate::fidelity::{Sample, TrainingMaps};

/// How an evaluation is run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Generated pairs, and held-out pairs, over the families.
    pub samples: usize,
    /// The families, which take turns; of data, those that have pairs there.
    pub families: Vec<Family>,
    /// Generated pairs, the first ones, whose deviation is measured after every denoising step.
    pub paths: usize,
    /// How each inversion is refined by the wave equation, if it is.
    pub refinement: Option<InversionConfig>,
    /// Fixes the noise and the held-out maps.
    pub seed: u64,
    /// Steps and guidance.
    pub sampler: SamplerConfig,
}

/// What is measured on one generated and one held-out pair of a family.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Measurement {
    family: Family,
    /// Generated pair.
    deviation: f64,
    reflected_deviation: f64,
    waveform_ssim: f64,
    waveform_mse: f64,
    /// Held-out pair, encoded from its velocity.
    floor: f64,
    reflected_floor: f64,
    velocity_error: f64,
    gathers_error: f64,
    /// Where the tokens of the generated map, the held-out map and its reconstruction meet.
    seams: [Seams; 3],
    codes: Vec<usize>,
    /// Held-out pair, encoded from its gathers.
    inversion_error: f64,
    inversion_ssim: f64,
    /// The same refined, if it was asked for.
    refined: Option<Refined>,
    /// Held-out gathers against those of another map of the family.
    ceiling: f64,
    /// Deviation of the generated pair after each denoising step, if it was followed.
    path: Option<Vec<f64>>,
    /// What the classifier makes of the pairs, if it knows pairs of this size.
    sample: Option<Sample>,
}

/// The networks, as each thread has them for itself.
#[derive(Clone)]
struct Networks {
    model: PairModel,
    /// Where the model makes pairs of the size that it looks at.
    classifier: Option<PairClassifier>,
}

/// Measures the weights on generated pairs and on held-out ones: synthetic maps of the seed's own, which training never
/// sees, or the pairs of `data`; and on pairs that no family made. What is measured is kept in the file `keep`, and what that
/// holds already is not measured again.
///
/// # Errors
/// When the data cannot be read, the file cannot be used, or the networks fail.
pub fn evaluate(model: &PairModel, plan: &Plan, data: Option<&Dataset>, keep: Option<&FilePath>) -> Result<Report> {
    ensure!(plan.samples > 0, "there are 0 samples to evaluate; at least 1 is needed");
    let (classifier, sizes) = classifier::built_in(&model.device)?;
    let classifier = sizes.fit(&model.manifest.model).then_some(classifier);
    let training = classifier.is_some().then(|| TrainingMaps::new(&model.manifest.provenance.denoiser));
    let networks = Networks { model: model.clone(), classifier };
    let held_out = HeldOut::new(model, plan, data)?;
    let (kept, mut measurements) = match keep {
        Some(path) => {
            let (kept, measurements) = Kept::open(path, name(model, plan, data))?;
            (Some(kept), measurements)
        }
        None => (None, BTreeMap::new()),
    };
    let missing: Vec<usize> = (0..plan.samples).filter(|slot| !measurements.contains_key(slot)).collect();
    let measured = in_batches(&networks, missing.iter().copied(), "evaluating samples", |networks, slots| {
        let measured = measure(networks, &held_out, training.as_ref(), slots)?;
        if let Some(kept) = &kept {
            kept.add(slots, &measured)?;
        }
        Ok(measured)
    })?;
    measurements.extend(missing.into_iter().zip(measured));
    let measurements: Vec<Measurement> = measurements.into_values().collect();
    let unseen = unseen_pairs(model)?.into_iter().map(|pair| pair.figures).collect();
    Ok(Report::new(plan, &measurements, model.manifest.model.latent.codes, unseen))
}

/// What tells an evaluation from others.
fn name(model: &PairModel, plan: &Plan, data: Option<&Dataset>) -> String {
    let data = data
        .map_or("synthetic pairs".to_owned(), |data| format!("{} pairs of {}", data.len(), data.directory().display()));
    format!("{plan:?}, weights {}, {data}", model.manifest.weights.sha256)
}

fn measure(
    networks: &Networks,
    held_out: &HeldOut<'_>,
    training: Option<&TrainingMaps>,
    slots: &[usize],
) -> Result<Vec<Measurement>> {
    let (model, plan) = (&networks.model, held_out.plan);
    let survey = &model.manifest.survey;
    let normalisation = model.manifest.normalisation;
    let truths = slots.iter().map(|&slot| held_out.pair(slot)).collect::<Result<Vec<_>>>()?;
    let others = slots.iter().zip(&truths).map(|(&slot, truth)| held_out.other(slot, truth.family));
    let others = others.collect::<Result<Vec<_>>>()?;

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

    let mut samples: Vec<Option<Sample>> = match networks.classifier.as_ref().zip(training) {
        Some((classifier, training)) => {
            samples(model, classifier, training, &generated, &truths, &others)?.into_iter().map(Some).collect()
        }
        None => vec![None; truths.len()],
    };
    let mut measurements = Vec::new();
    for (index, truth) in truths.iter().enumerate() {
        let gathers = model.gathers(&generated[index]);
        let expected = wave::simulate(survey, &generated[index].velocity)?;
        let comparison = compare(&gathers, &expected, &normalisation);
        let decoded = model.gathers(&reconstructed[index]);
        let simulated = wave::simulate(survey, &reconstructed[index].velocity)?;
        measurements.push(Measurement {
            family: truth.family,
            deviation: comparison.deviation,
            reflected_deviation: reflected(survey, &generated[index].velocity, &gathers, &expected)?,
            waveform_ssim: comparison.ssim,
            waveform_mse: comparison.mse,
            floor: deviation(&decoded, &simulated),
            reflected_floor: reflected(survey, &reconstructed[index].velocity, &decoded, &simulated)?,
            velocity_error: truth.velocity.mean_error(&reconstructed[index].velocity),
            gathers_error: deviation(&decoded, &truth.gathers),
            seams: [&generated[index].velocity, &truth.velocity, &reconstructed[index].velocity]
                .map(|map| Seams::new(map, model.manifest.model.velocity.patch)),
            codes: codes[index * codes_each..][..codes_each].iter().map(|&code| code as usize).collect(),
            inversion_error: truth.velocity.mean_error(&inverted[index].velocity),
            inversion_ssim: map_ssim(model, &truth.velocity, &inverted[index].velocity),
            refined: plan.refinement.map(|config| Refined::measure(model, config, truth)).transpose()?,
            ceiling: deviation(&truth.gathers, &others[index].gathers),
            path: paths.get_mut(index).filter(|_| slots[index] < plan.paths).map(std::mem::take),
            sample: samples[index].take(),
        });
    }
    Ok(measurements)
}

/// Deviation of gathers of `map` from the simulated ones once the direct wave is gone.
///
/// # Errors
/// When the survey does not fit the map.
pub fn reflected(survey: &Survey, map: &VelocityMap, gathers: &Gathers, simulated: &Gathers) -> Result<f64> {
    let from = wave::first_reflected_sample(survey, map, survey.config().dt)?;
    Ok(reflected_deviation(gathers, simulated, &from))
}

/// What the classifier makes of generated pairs, of held-out ones and of others of their families.
fn samples(
    model: &PairModel,
    classifier: &PairClassifier,
    training: &TrainingMaps,
    generated: &[DecodedPair],
    truths: &[TruePair],
    others: &[TruePair],
) -> Result<Vec<Sample>> {
    let true_looks = |pairs: &[TruePair]| {
        let velocity = model.velocity_tensor(pairs.iter().map(|pair| &pair.velocity));
        classifier.look(velocity, model.seismic_tensor(pairs.iter().map(|pair| &pair.gathers)))
    };
    let velocity = model.velocity_tensor(generated.iter().map(|pair| &pair.velocity));
    let looks = classifier.look(velocity, decoded_seismic(model, generated))?;
    let looks = looks.into_iter().zip(true_looks(truths)?).zip(true_looks(others)?);
    let samples = looks.zip(generated.iter().zip(truths)).map(|(((look, truth), other), (pair, held_out))| Sample {
        family: held_out.family,
        generated: look,
        truth,
        other,
        nearest_generated: training.nearest(held_out.family, &pair.velocity),
        nearest_held_out: training.nearest(held_out.family, &held_out.velocity),
    });
    Ok(samples.collect())
}

/// Log amplitudes of decoded pairs, (pairs, shots, model samples, receivers).
pub fn decoded_seismic(model: &PairModel, pairs: &[DecodedPair]) -> Tensor<4> {
    let image = model.manifest.model.seismic;
    let values: Vec<f32> = pairs.iter().flat_map(|pair| pair.log_amplitudes.iter().copied()).collect();
    let shape = [pairs.len(), image.channels, image.rows, image.columns];
    Tensor::from_data(TensorData::new(values, shape), &model.device)
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

/// Structural similarity of two maps scaled to 0..1.
fn map_ssim(model: &PairModel, truth: &VelocityMap, map: &VelocityMap) -> f64 {
    let unit = |map: &VelocityMap| -> Vec<f32> {
        map.values().iter().map(|&v| (model.manifest.normalisation.normalise_velocity(v) + 1.0) * 0.5).collect()
    };
    ssim(&unit(truth), &unit(map), truth.nx())
}
