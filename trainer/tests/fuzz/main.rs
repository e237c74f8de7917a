//! Whatever a stranger hands over is read or refused: without a panic, without a hang, and without allocating more than
//! a stated multiple of its length.
//!
//! Inputs are made by changing those of `corpus/`, files of the repository and what the library writes itself (see
//! `mutate.rs`); nothing measures coverage. `cargo test` reads a few thousand of them, always the same;
//! `cargo xtask fuzz --seconds N` reads for N seconds a target. An input that was once a fault is in the corpus.
#![expect(clippy::print_stdout, reason = "the totals of a run")]

mod mutate;
mod run;

use burn::prelude::Device;
use wavediffusion::family::Family;
use wavediffusion::manifest::{
    AUTOENCODER, ConsistencyReference, DENOISER, FORMAT, FileEntry, Manifest, Provenance, load_networks,
};
use wavediffusion::model::{Autoencoder, Denoiser, ModelConfig, Weight, Weights};
use wavediffusion::model::{collect_weights, read_weights, write_weights};
use wavediffusion::npy::{self, NpyArray};
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::Survey;
use wavediffusion_trainer::survey_options::{Positions, SurveyOptions};
use wavediffusion_trainer::train::{AutoencoderConfig, Checked, DiffusionConfig};

use run::Target;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

fn as_it_is(_: &mut Vec<u8>) {}

#[test]
fn npy_files() {
    let seeds = [&[2, 3][..], &[1, 1, 2, 3], &[2, 1, 3, 4]]
        .map(|shape| npy::to_bytes(shape, &vec![2000.0; shape.iter().product()]).unwrap());
    let repair = |input: &mut Vec<u8>| {
        // The length of the header, and as many values as its shape asks for where those are few.
        if let Some(end) = input.iter().position(|&byte| byte == b'\n').filter(|&end| end >= 10) {
            let length = ((end + 1 - 10) as u16).to_le_bytes();
            input[8..10].copy_from_slice(&length);
        }
    };
    let read = |input: &[u8]| {
        let array = NpyArray::from_bytes(input);
        let Ok(array) = array else { return false };
        assert_eq!(array.shape().iter().product::<usize>(), array.values().len());
        let _ = array.velocity_maps();
        let _ = array.gathers();
        true
    };
    Target { name: "npy", files: &[], seeds: seeds.to_vec(), repair, read, base: 64 * KIB, factor: 16 }.run();
}

fn tiny_weights() -> Weights {
    let (model, device) = (ModelConfig::tiny(), Device::flex());
    let mut weights = collect_weights(&Autoencoder::new(&model, &device), AUTOENCODER).unwrap();
    weights.extend(collect_weights(&Denoiser::new(&model, &device), DENOISER).unwrap());
    weights
}

fn tiny_manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        weights: FileEntry::new("weights.safetensors", b""),
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

#[test]
fn manifests() {
    let seeds = vec![serde_json::to_vec(&tiny_manifest()).unwrap()];
    let read = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return false };
        let Ok(manifest) = Manifest::parse(text) else { return false };
        // What the pipeline computes with them before it has any weights.
        let scale = &manifest.normalisation;
        assert!(scale.normalise_velocity(scale.restore_velocity(0.0)).is_finite());
        assert!(load_networks(&manifest.model, &Weights::new(), &Device::flex()).is_err());
        true
    };
    let files = &["www/public/weights/manifest.json"];
    Target { name: "manifest", files, seeds, repair: as_it_is, read, base: 1024 * MIB, factor: 64 }.run();
}

/// Sets the length of a safetensors header to that of its JSON text.
fn fit_header(input: &mut [u8]) {
    let mut depth = 0;
    for (i, byte) in input.iter().enumerate().skip(8) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let length = ((i + 1 - 8) as u64).to_le_bytes();
            input[..8].copy_from_slice(&length);
            return;
        }
    }
}

#[test]
fn weights() {
    let few = Weights::from([
        ("autoencoder.a".to_owned(), Weight { shape: vec![2, 3], values: vec![0.5; 6] }),
        ("denoiser.b".to_owned(), Weight { shape: vec![4], values: vec![1.5; 4] }),
    ]);
    let seeds = vec![write_weights(&few).unwrap(), write_weights(&tiny_weights()).unwrap()];
    let read = |input: &[u8]| {
        let Ok(weights) = read_weights(input) else { return false };
        let _ = load_networks(&ModelConfig::tiny(), &weights, &Device::flex());
        true
    };
    let repair = |input: &mut Vec<u8>| fit_header(input);
    Target { name: "safetensors", files: &[], seeds, repair, read, base: 4 * MIB, factor: 64 }.run();
}

#[test]
fn surveys() {
    let read = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return false };
        let Ok(options) = toml::from_str::<SurveyOptions>(text) else { return false };
        options.over(SurveyOptions::default()).survey(70).is_ok()
    };
    let files = &["docs/survey.toml"];
    Target { name: "survey", files, seeds: Vec::new(), repair: as_it_is, read, base: 256 * MIB, factor: 64 }.run();
}

#[test]
fn cells() {
    let seeds = ["1:0,17,34,52,69", "2-60:35 1:0-69/5", "4-5:35 1:0"].map(|text| text.as_bytes().to_vec()).to_vec();
    let read = |input: &[u8]| std::str::from_utf8(input).is_ok_and(|text| text.parse::<Positions>().is_ok());
    Target { name: "cells", files: &[], seeds, repair: as_it_is, read, base: 128 * MIB, factor: 64 }.run();
}

#[test]
fn configurations() {
    let read = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return false };
        let autoencoder = toml::from_str::<AutoencoderConfig>(text).is_ok_and(|config| config.check().is_ok());
        let diffusion = toml::from_str::<DiffusionConfig>(text).is_ok_and(|config| config.check().is_ok());
        autoencoder || diffusion
    };
    let files = &["trainer/configs/autoencoder.toml", "trainer/configs/diffusion.toml"];
    Target { name: "config", files, seeds: Vec::new(), repair: as_it_is, read, base: MIB, factor: 256 }.run();
}
