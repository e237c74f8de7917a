//! The manifest: the one file in which weights, page and code meet.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::family::Family;
use crate::model::{Autoencoder, Denoiser, ModelConfig, ModelConfigError, Weights, WeightsError};
use crate::model::{load_weights, read_weights};
use crate::signal::{Normalisation, NormalisationError};
use crate::survey::Survey;
use burn::prelude::Device;

/// Version of the manifest's layout that this code reads and writes.
pub const FORMAT: u32 = 1;

/// Prefixes of the two networks' tensors in the weights.
pub const AUTOENCODER: &str = "autoencoder";
/// See [`AUTOENCODER`].
pub const DENOISER: &str = "denoiser";

/// What the weights are, where they came from, and how well they do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: u32,
    /// The weights.
    pub weights: FileEntry,
    /// The pair that is shown before anything has loaded.
    pub example: Option<ExamplePair>,
    /// Names of the families, in the order of the denoiser's labels.
    pub families: Vec<Family>,
    /// What the deviation of a generated pair is judged by.
    pub consistency: ConsistencyReference,
    /// Sizes of the networks.
    pub model: ModelConfig,
    /// Scaling of both modalities.
    pub normalisation: Normalisation,
    /// The survey of the gathers.
    pub survey: Survey,
    /// How the weights were made.
    pub provenance: Provenance,
    /// What `evaluate` measured.
    pub metrics: serde_json::Value,
}

/// A file beside the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: usize,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

impl FileEntry {
    /// The entry of a file of these bytes.
    pub fn new(file: &str, bytes: &[u8]) -> Self {
        let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: file.to_owned(), bytes: bytes.len(), sha256 }
    }

    /// Tells whether `bytes` are this file's.
    ///
    /// # Errors
    /// [`ManifestError::Length`] or [`ManifestError::Checksum`].
    pub fn check(&self, bytes: &[u8]) -> Result<(), ManifestError> {
        let found = Self::new(&self.file, bytes);
        if found.bytes != self.bytes {
            let (file, expected) = (self.file.clone(), self.bytes);
            return Err(ManifestError::Length { file, found: found.bytes, expected });
        }
        if found.sha256 != self.sha256 {
            return Err(ManifestError::Checksum { file: self.file.clone() });
        }
        Ok(())
    }
}

/// Median and 90th percentile of the floor, and median of the ceiling, over all families.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsistencyReference {
    /// Median deviation of held-out true pairs after encoding, quantising and decoding.
    pub floor_median: f64,
    /// Its 90th percentile.
    pub floor_p90: f64,
    /// Median deviation of the gathers of one pair from the map of another of its family.
    pub ceiling_median: f64,
}

impl ConsistencyReference {
    /// Whether a pair that deviates so much is called consistent.
    pub fn accepts(&self, deviation: f64) -> bool {
        deviation <= self.floor_p90
    }
}

/// A generated pair in a file: little-endian f32 of the velocity map (nz, nx) in m/s, the generated and the simulated
/// gathers (shots, samples, receivers).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExamplePair {
    /// The file.
    #[serde(flatten)]
    pub entry: FileEntry,
    /// Its family; any without it.
    pub family: Option<Family>,
    /// Its seed.
    pub seed: u64,
    /// Its denoising steps.
    pub steps: usize,
    /// Its guidance.
    pub guidance: f32,
    /// Time samples that the file keeps.
    pub samples: usize,
    /// Time between them, in seconds.
    pub dt: f64,
    /// Deviation from the wave equation.
    pub deviation: f64,
    /// Structural similarity of the gathers.
    pub ssim: f64,
    /// Mean squared difference of the normalised gathers.
    pub mse: f64,
    /// Whether it is within the 90th percentile of the floor.
    pub consistent: bool,
    /// Deviation after each step.
    pub path: Vec<PathPoint>,
}

/// The deviation after a denoising step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathPoint {
    /// The step, from 1.
    pub step: usize,
    /// The deviation of the pair that the latent decodes into then.
    pub deviation: f64,
}

/// How weights were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of this crate.
    pub code_version: String,
    /// Training of the velocity autoencoder and the codebook.
    pub velocity: TrainingRecord,
    /// Training that the velocity decoder was given alone, since then.
    #[serde(default)]
    pub velocity_decoder: TrainingRecord,
    /// Training of the seismic decoder.
    pub seismic_decoder: TrainingRecord,
    /// Training of the seismic encoder.
    pub seismic_encoder: TrainingRecord,
    /// Training of the denoiser.
    pub denoiser: TrainingRecord,
}

/// One stage of training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// Seed.
    pub seed: u64,
    /// Optimiser steps.
    pub steps: usize,
    /// Samples seen.
    pub samples: usize,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// Earlier weights that what came of it was averaged with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub averaged: Option<Averaged>,
}

/// What a mean of weights has of earlier ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Averaged {
    /// SHA-256 of the earlier weights' file.
    pub sha256: String,
    /// Their share in the mean.
    pub share: f32,
}

/// Why a manifest or what it names cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// No manifest.
    #[error("the manifest is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// A manifest of another version.
    #[error("the manifest has format {found}; this version reads format {FORMAT}")]
    Format {
        /// The manifest's format.
        found: u32,
    },
    /// Labels that this code would misread.
    #[error("the manifest's families are {found:?}; this version knows {:?}", Family::ALL)]
    Families {
        /// The manifest's families.
        found: Vec<Family>,
    },
    /// A model that does not fit the survey.
    #[error("the manifest's {what} is {found}, its survey has {expected}")]
    Survey {
        /// What does not fit.
        what: &'static str,
        /// In the model.
        found: usize,
        /// In the survey.
        expected: usize,
    },
    /// Sizes that no network can have.
    #[error("the manifest's {0}")]
    Model(#[from] ModelConfigError),
    /// Values that cannot be scaled.
    #[error("the manifest's normalisation: {0}")]
    Normalisation(#[from] NormalisationError),
    /// A file of another length.
    #[error("{file} has {found} bytes, the manifest says {expected}; it is truncated or of another version")]
    Length {
        /// The file.
        file: String,
        /// Its length.
        found: usize,
        /// Its length in the manifest.
        expected: usize,
    },
    /// A file of other contents.
    #[error("{file} does not match the SHA-256 of the manifest; it is corrupted or of another version")]
    Checksum {
        /// The file.
        file: String,
    },
    /// Weights that do not fit the model.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

impl Manifest {
    /// Reads a manifest and checks that its parts fit together.
    ///
    /// # Errors
    /// [`ManifestError`] when it is no manifest, of another version, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        // The format comes first: another version may lack every other field.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let Head { format } = serde_json::from_str(text)?;
        if format != FORMAT {
            return Err(ManifestError::Format { found: format });
        }
        let manifest: Self = serde_json::from_str(text)?;
        manifest.model.check()?;
        manifest.normalisation.check()?;
        if manifest.families != Family::ALL || manifest.model.families != Family::ALL.len() {
            return Err(ManifestError::Families { found: manifest.families });
        }
        let (seismic, survey) = (manifest.model.seismic, manifest.survey.config());
        let samples = manifest.normalisation.model_samples(survey.samples);
        for (what, found, expected) in [
            ("number of shots", seismic.channels, survey.sources.len()),
            ("number of samples", seismic.rows, samples),
            ("number of receivers", seismic.columns, survey.receivers.len()),
        ] {
            if found != expected {
                return Err(ManifestError::Survey { what, found, expected });
            }
        }
        Ok(manifest)
    }

    /// The networks with these weights, which must be the manifest's.
    ///
    /// # Errors
    /// [`ManifestError`] when the weights are not those of the manifest or do not fit the model.
    pub fn load(&self, weights: &[u8], device: &Device) -> Result<(Autoencoder, Denoiser), ManifestError> {
        self.weights.check(weights)?;
        let weights = read_weights(weights)?;
        Ok(load_networks(&self.model, &weights, device)?)
    }
}

/// Both networks of these sizes with these weights.
///
/// # Errors
/// [`WeightsError`] when a tensor is missing, unknown or of another shape.
pub fn load_networks(
    model: &ModelConfig,
    weights: &Weights,
    device: &Device,
) -> Result<(Autoencoder, Denoiser), WeightsError> {
    if let Some(stray) =
        weights.keys().find(|name| ![AUTOENCODER, DENOISER].contains(&name.split('.').next().unwrap_or("")))
    {
        return Err(WeightsError::Unknown(stray.clone()));
    }
    let autoencoder = load_weights(Autoencoder::new(model, device), AUTOENCODER, weights)?;
    let denoiser = load_weights(Denoiser::new(model, device), DENOISER, weights)?;
    Ok((autoencoder, denoiser))
}

#[cfg(test)]
impl Manifest {
    /// One of a small model and OpenFWI's survey, for tests.
    pub(crate) fn tiny() -> Self {
        Self {
            format: FORMAT,
            weights: FileEntry::new("weights.safetensors", b"weights"),
            example: None,
            families: Family::ALL.to_vec(),
            consistency: ConsistencyReference { floor_median: 0.1, floor_p90: 0.2, ceiling_median: 0.9 },
            model: ModelConfig::tiny(),
            normalisation: Normalisation::OPENFWI,
            survey: Survey::openfwi(),
            provenance: Provenance::default(),
            metrics: serde_json::Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl Fn(&mut serde_json::Value)) -> String {
        let mut value = serde_json::to_value(Manifest::tiny()).unwrap();
        change(&mut value);
        Manifest::parse(&value.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn a_manifest_round_trips() {
        let text = serde_json::to_string(&Manifest::tiny()).unwrap();
        assert_eq!(Manifest::parse(&text).unwrap(), Manifest::tiny());
    }

    #[test]
    fn what_is_wrong_with_a_manifest_is_named() {
        assert!(Manifest::parse("{").unwrap_err().to_string().contains("not valid"));
        assert!(refusal(|m| m["format"] = 2.into()).contains("format 2"));
        assert!(refusal(|m| drop(m.as_object_mut().unwrap().remove("survey"))).contains("survey"));
        assert!(refusal(|m| drop(m["families"].as_array_mut().unwrap().pop())).contains("families"));
        assert!(refusal(|m| m["families"][0] = "FlatVel-C".into()).contains("FlatVel-C"));
        assert!(refusal(|m| m["survey"]["samples"] = 900.into()).contains("number of samples is 125"));
        assert!(refusal(|m| m["model"]["denoiser"]["heads"] = 7.into()).contains("denoiser"));
        assert!(refusal(|m| m["normalisation"]["time_stride"] = 0.into()).contains("time stride is 0"));
        assert!(refusal(|m| m["normalisation"]["velocity"][1] = 0.into()).contains("velocity bounds"));
    }

    #[test]
    fn truncated_and_corrupted_files_are_told_apart() {
        let entry = Manifest::tiny().weights;
        assert!(entry.check(b"weights").is_ok());
        assert!(matches!(entry.check(b"weight"), Err(ManifestError::Length { .. })));
        assert!(matches!(entry.check(b"weightz"), Err(ManifestError::Checksum { .. })));
    }
}
