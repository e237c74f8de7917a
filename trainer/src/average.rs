//! Means of the weights of two trainings, one of which went on from the other.
//!
//! Both lie in one valley of the loss, and between them it is lower than at either end: what was learnt by heart of the last
//! pairs alone averages out (arXiv 2203.05482, 2109.01903).

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use burn::prelude::*;
use clap::{Args, ValueEnum};
use wavediffusion::manifest::{AUTOENCODER, Averaged, DENOISER, Provenance, TrainingRecord};
use wavediffusion::model::{ModelConfig, Weights, collect_weights};

use crate::weights;

/// Earlier weights to average with, how much of them, and where.
#[derive(Args, Clone, Debug)]
pub struct AverageArgs {
    /// Exported weights, one of whose networks is averaged with what would be written
    #[arg(long, value_name = "DIR", requires = "share")]
    average: Option<PathBuf>,
    /// Their share in the mean, from 0 to 1
    #[arg(long, value_parser = parse_share, requires = "average")]
    share: Option<f32>,
    /// The network to average
    #[arg(long, value_enum, default_value_t = Network::SeismicEncoder, requires = "average")]
    network: Network,
}

fn parse_share(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or("a share is a number from 0 to 1".to_owned())
}

/// A network that can be averaged. The velocity encoder and the codebook cannot: they define what the others read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Network {
    VelocityDecoder,
    SeismicDecoder,
    SeismicEncoder,
    Denoiser,
}

impl Network {
    /// What the names of its tensors begin with.
    fn prefix(self) -> String {
        match self {
            Self::VelocityDecoder => format!("{AUTOENCODER}.velocity_decoder."),
            Self::SeismicDecoder => format!("{AUTOENCODER}.seismic_decoder."),
            Self::SeismicEncoder => format!("{AUTOENCODER}.seismic_encoder."),
            Self::Denoiser => format!("{DENOISER}."),
        }
    }

    fn record(self, provenance: &mut Provenance) -> &mut TrainingRecord {
        match self {
            Self::VelocityDecoder => &mut provenance.velocity_decoder,
            Self::SeismicDecoder => &mut provenance.seismic_decoder,
            Self::SeismicEncoder => &mut provenance.seismic_encoder,
            Self::Denoiser => &mut provenance.denoiser,
        }
    }
}

impl AverageArgs {
    /// Averages the network of `weights`, those of a model of sizes `model`, and notes it in `provenance`; without
    /// `--average`, does nothing and says so.
    ///
    /// # Errors
    /// When the earlier weights cannot be read or are of other sizes.
    pub fn apply(&self, weights: &mut Weights, model: &ModelConfig, provenance: &mut Provenance) -> Result<bool> {
        let (Some(directory), Some(share)) = (&self.average, self.share) else { return Ok(false) };
        let (earlier, sha256) = read(directory, model)?;
        mix(weights, &earlier, &self.network.prefix(), share);
        self.network.record(provenance).averaged = Some(Averaged { sha256, share });
        Ok(true)
    }
}

/// Exported weights of a model of sizes `model`, and their digest.
fn read(directory: &Path, model: &ModelConfig) -> Result<(Weights, String)> {
    let earlier = weights::load(directory, &Device::flex())?;
    let sizes = &earlier.manifest.model;
    ensure!(sizes == model, "{} holds a model of other sizes; means need the same", directory.display());
    let mut tensors = collect_weights(&earlier.autoencoder, AUTOENCODER)?;
    tensors.extend(collect_weights(&earlier.denoiser, DENOISER)?);
    Ok((tensors, earlier.manifest.weights.sha256))
}

/// Moves the tensors of `weights` whose names begin with `prefix` by `share` of the way to those of `earlier`, which are
/// of a model of the same sizes.
fn mix(weights: &mut Weights, earlier: &Weights, prefix: &str, share: f32) {
    let earlier = earlier.iter().filter(|(name, _)| name.starts_with(prefix));
    let weights = weights.iter_mut().filter(|(name, _)| name.starts_with(prefix));
    for ((_, weight), (_, other)) in weights.zip(earlier) {
        weight.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += share * (other - *value));
    }
}

#[cfg(test)]
mod tests {
    use wavediffusion::model::Autoencoder;

    use super::*;

    fn weights() -> Weights {
        collect_weights(&Autoencoder::new(&ModelConfig::tiny(), &Device::flex()), AUTOENCODER).unwrap()
    }

    #[test]
    fn the_tensors_of_one_network_move_by_their_share() {
        let (before, earlier) = (weights(), weights());
        let mut mixed = before.clone();
        mix(&mut mixed, &earlier, &Network::SeismicEncoder.prefix(), 0.25);
        let mut moved = 0;
        for (name, weight) in &mixed {
            let ours = name.starts_with("autoencoder.seismic_encoder.");
            for (i, value) in weight.values.iter().enumerate() {
                let (from, to) = (before[name].values[i], earlier[name].values[i]);
                let expected = if ours { 0.75 * from + 0.25 * to } else { from };
                assert!((value - expected).abs() <= 1e-6, "{name}");
                moved += usize::from(*value != from);
            }
        }
        assert!(moved > 1000, "{moved}");
    }

    #[test]
    fn every_network_has_tensors() {
        let weights = weights();
        for network in [Network::VelocityDecoder, Network::SeismicDecoder, Network::SeismicEncoder] {
            assert!(weights.keys().any(|name| name.starts_with(&network.prefix())), "{network:?}");
        }
    }

    #[test]
    fn shares_are_from_0_to_1() {
        assert_eq!(parse_share("0.25"), Ok(0.25));
        for text in ["-0.1", "1.5", "nan", "half"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }
}
