//! The exported weights, as the native commands use them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::prelude::*;
use clap::Args;
use wavediffusion::generate::PairModel;
use wavediffusion::manifest::Manifest;

use crate::device::DeviceArg;

/// Name of the manifest in a directory of weights.
pub const MANIFEST: &str = "manifest.json";

/// Which weights to use, and where.
#[derive(Args, Clone, Debug)]
pub struct WeightsArgs {
    /// Directory of the manifest and the weights
    #[arg(long, value_name = "DIR", default_value = "www/public/weights")]
    pub weights: PathBuf,
    /// Where to compute the networks
    #[arg(long, default_value = "cpu")]
    pub device: DeviceArg,
}

impl WeightsArgs {
    /// The networks.
    ///
    /// # Errors
    /// When the device is not there, or manifest and weights are missing, damaged or do not fit together.
    pub fn load(&self) -> Result<PairModel> {
        load(&self.weights, &self.device.open()?)
    }
}

/// The networks of a directory of weights.
///
/// # Errors
/// When manifest or weights are missing, damaged or do not fit together.
pub fn load(directory: &Path, device: &Device) -> Result<PairModel> {
    let (manifest, bytes) = read(directory)?;
    PairModel::load(manifest, &bytes, device).with_context(|| format!("cannot use {}", directory.display()))
}

/// The manifest of a directory of weights, and the weights as they are.
///
/// # Errors
/// When manifest or weights are missing or damaged.
pub fn read(directory: &Path) -> Result<(Manifest, Vec<u8>)> {
    let read = |name: &str| {
        let path = directory.join(name);
        std::fs::read(&path)
            .with_context(|| format!("cannot read {}; `wavediffusion export` writes it", path.display()))
    };
    let text = String::from_utf8(read(MANIFEST)?).context("the manifest is not UTF-8 text")?;
    let manifest = Manifest::parse(&text).with_context(|| format!("cannot use {}", directory.display()))?;
    let bytes = read(&manifest.weights.file)?;
    manifest.weights.check(&bytes).with_context(|| format!("cannot use {}", directory.display()))?;
    Ok((manifest, bytes))
}
