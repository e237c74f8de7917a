//! What each part of the design does, measured on finished weights by taking it away: steps, guidance, one latent for both
//! halves of a pair, one codebook for both, quantisation.

mod encoding;
mod latents;
mod report;

use anyhow::{Context, Result};
use burn::prelude::*;
use serde::Serialize;
use wavediffusion::consistency::compare;
use wavediffusion::diffusion::SamplerConfig;
use wavediffusion::family::Family;
use wavediffusion::generate::{DecodedPair, PairModel};
use wavediffusion::model::{Codebook, FamilyLabel};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use latents::training_latents;

pub use encoding::{Encoded, Source, encode};
pub use report::Ablation;

use crate::batches::in_batches;
use crate::classifier::{self, Look, PairClassifier};
use crate::evaluate::{decoded_seismic, median, quantile};
use crate::fidelity::{Side, frechet_distance, manifold};
use crate::kmeans;
use crate::synth;

/// Between the seeds of two halves that share no latent.
const APART: u64 = 500_000;

/// How a sampled latent becomes a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coding {
    /// One latent, one codebook, two decoders: the design.
    Shared,
    /// Each decoder reads a latent of its own, of the same family.
    Separate,
    /// One latent, not quantised.
    Unquantised,
    /// One latent, quantised for the seismic decoder by a codebook fitted to the seismic encoder's latents.
    TwoCodebooks,
}

/// A way to generate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Variant {
    /// Denoising steps.
    pub steps: usize,
    /// Guidance.
    pub guidance: f32,
    /// From latent to pair.
    pub coding: Coding,
}

/// What came of a variant.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The variant.
    #[serde(flatten)]
    pub variant: Variant,
    /// Deviation from the wave equation, median.
    pub deviation_median: f64,
    /// Its 90th percentile.
    pub deviation_p90: f64,
    /// Share of the pairs within the 90th percentile of the floor.
    pub consistent_fraction: f64,
    /// Mean structural similarity of generated and simulated gathers.
    pub waveform_ssim: f64,
    /// Share of the pairs that the classifier takes, by the map, for the family that was asked for.
    pub recognised_fraction: f64,
    /// Frechet distance from held-out pairs on the classifier's features.
    pub frechet: f64,
    /// Density among held-out pairs.
    pub density: f64,
    /// Coverage of held-out pairs.
    pub coverage: f64,
}

/// The networks, as each thread has them for itself.
#[derive(Clone)]
struct Networks {
    model: PairModel,
    classifier: PairClassifier,
    /// The second codebook of [`Coding::TwoCodebooks`].
    second: Codebook,
}

/// Measures every variant on the same `samples` seeds from `seed` on, families in turn, and what the autoencoders make of
/// true pairs.
///
/// # Errors
/// When the networks fail, or make pairs of another size than the classifier's.
pub fn ablate(model: &PairModel, variants: &[(SamplerConfig, Coding)], samples: usize, seed: u64) -> Result<Ablation> {
    let (classifier, sizes) = classifier::built_in(&model.device)?;
    anyhow::ensure!(sizes.fit(&model.manifest.model), "the classifier looks at pairs of another size");
    let second = kmeans::fit(&model.autoencoder.codebook, &training_latents(model, samples)?);
    let networks = Networks { model: model.clone(), classifier, second };
    let truths = true_pairs(&networks, samples, seed)?;
    let outcomes = variants
        .iter()
        .map(|&(sampler, coding)| measure(&networks, sampler, coding, &truths, seed))
        .collect::<Result<Vec<_>>>()?;
    Ok(Ablation { samples, seed, outcomes, encodings: encode(model, samples, seed)? })
}

/// Looks at as many held-out pairs as are generated.
fn true_pairs(networks: &Networks, samples: usize, seed: u64) -> Result<Vec<Vec<f64>>> {
    let looks = in_batches(networks, 0..samples, "looking at held-out pairs", |networks, slots| {
        let model = &networks.model;
        let maps: Vec<VelocityMap> =
            slots.iter().map(|&slot| synth::generate(family(slot), seed, slot as u64)).collect();
        let gathers = maps.iter().map(|map| Ok(wave::simulate(&model.manifest.survey, map)?));
        let gathers = gathers.collect::<Result<Vec<_>>>()?;
        networks.classifier.look(model.velocity_tensor(maps.iter()), model.seismic_tensor(gathers.iter()))
    })?;
    Ok(looks.iter().map(|look| Side::Both.features(look)).collect())
}

fn measure(
    networks: &Networks,
    sampler: SamplerConfig,
    coding: Coding,
    truths: &[Vec<f64>],
    seed: u64,
) -> Result<Outcome> {
    let judged = in_batches(networks, 0..truths.len(), "measuring a variant", |networks, slots| {
        let model = &networks.model;
        let pairs = generate(networks, sampler, coding, slots, seed)?;
        let velocity = model.velocity_tensor(pairs.iter().map(|pair| &pair.velocity));
        let looks = networks.classifier.look(velocity, decoded_seismic(model, &pairs))?;
        let judge = |(pair, look): (&DecodedPair, Look)| -> Result<_> {
            let simulated = wave::simulate(&model.manifest.survey, &pair.velocity)?;
            Ok((compare(&model.gathers(pair), &simulated, &model.manifest.normalisation), look))
        };
        pairs.iter().zip(looks).map(judge).collect()
    })?;
    let deviations: Vec<f64> = judged.iter().map(|(comparison, _)| comparison.deviation).collect();
    let features: Vec<Vec<f64>> = judged.iter().map(|(_, look)| Side::Both.features(look)).collect();
    let share = |count: usize| count as f64 / judged.len() as f64;
    let reference = networks.model.manifest.consistency;
    let among = manifold(truths, &features);
    let recognised =
        judged.iter().enumerate().filter(|(slot, (_, look))| Side::Map.is_recognised(look, family(*slot))).count();
    Ok(Outcome {
        variant: Variant { steps: sampler.steps(), guidance: sampler.guidance(), coding },
        deviation_median: median(&deviations),
        deviation_p90: quantile(&deviations, 0.9),
        consistent_fraction: share(deviations.iter().filter(|&&deviation| reference.accepts(deviation)).count()),
        waveform_ssim: judged.iter().map(|(comparison, _)| comparison.ssim).sum::<f64>() / judged.len() as f64,
        recognised_fraction: share(recognised),
        frechet: frechet_distance(&features, truths),
        density: among.density,
        coverage: among.coverage,
    })
}

/// The family of a slot: families take turns.
fn family(slot: usize) -> Family {
    Family::ALL[slot % Family::ALL.len()]
}

/// Pairs of a variant, one for each slot.
fn generate(
    networks: &Networks,
    sampler: SamplerConfig,
    coding: Coding,
    slots: &[usize],
    seed: u64,
) -> Result<Vec<DecodedPair>> {
    let Networks { model, second, .. } = networks;
    let parts = &model.autoencoder;
    let latent = |seed: u64| -> Result<Tensor<3>> {
        let requests: Vec<(u64, FamilyLabel)> =
            slots.iter().map(|&slot| (seed.wrapping_add(slot as u64), FamilyLabel::Of(family(slot)))).collect();
        model.sampler(sampler, &requests).finish().context("a sampler takes at least one step")
    };
    let first = latent(seed)?;
    let (for_velocity, for_seismic) = match coding {
        Coding::Shared => (parts.codebook.quantise(first.clone()), parts.codebook.quantise(first)),
        Coding::Separate => {
            (parts.codebook.quantise(first), parts.codebook.quantise(latent(seed.wrapping_add(APART))?))
        }
        Coding::TwoCodebooks => (parts.codebook.quantise(first.clone()), second.quantise(first)),
        Coding::Unquantised => {
            let (velocity, seismic) =
                (parts.velocity_decoder.forward(first.clone()), parts.seismic_decoder.forward(first));
            return Ok(pollster::block_on(model.read_pairs(velocity, seismic))?);
        }
    };
    let velocity = parts.velocity_decoder.forward(for_velocity.latent);
    let seismic = parts.seismic_decoder.forward(for_seismic.latent);
    Ok(pollster::block_on(model.read_pairs(velocity, seismic))?)
}
