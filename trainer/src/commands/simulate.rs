//! `wavediffusion simulate`: computes the shot gathers of velocity maps.

use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use wavediffusion::gathers::Gathers;
use wavediffusion::npy::{NpyArray, NpyWriter};
use wavediffusion::survey::{Cell, Survey, SurveyConfig};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use crate::device::DeviceArg;
use crate::progress::progress_bar;

/// Maps simulated between two writes: enough to occupy every core, few enough to keep in memory.
const BATCH: usize = 32;

/// Compute the shot gathers that OpenFWI's survey records over velocity maps
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// Velocity maps in m/s, a .npy of shape (nz, nx), (1, nz, nx) or (N, 1, nz, nx)
    #[arg(long, value_name = "FILE")]
    velocity: PathBuf,
    /// Shot gathers to write, a .npy of shape (N, 5, 1000, nx)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What computes them
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    device: DeviceArg,
}

/// Runs the command.
///
/// # Errors
/// When the input is no set of velocity maps that the survey can be run on, the device is not there, or a file cannot be
/// read or written. No output is left behind then.
pub fn run(args: &SimulateArgs) -> Result<()> {
    let read = || NpyArray::read(&args.velocity)?.velocity_maps();
    let maps = read().with_context(|| format!("cannot read velocity maps from {}", args.velocity.display()))?;
    let survey = survey(maps[0].nx())?;
    for (index, map) in maps.iter().enumerate() {
        survey.check(map).with_context(|| format!("cannot simulate map {index} of {}", args.velocity.display()))?;
    }
    let device = args.device.open()?;

    let config = survey.config();
    let shape = [maps.len(), config.sources.len(), config.samples, config.receivers.len()];
    let write = || format!("cannot write {}", args.out.display());
    let mut out = NpyWriter::create(&args.out, &shape).with_context(write)?;
    let bar = progress_bar("simulating maps", maps.len());
    for batch in maps.chunks(BATCH) {
        for gathers in simulate(&device, &survey, batch, &bar)? {
            out.write(gathers.values()).with_context(write)?;
        }
    }
    out.finish().with_context(write)?;
    bar.finish();
    Ok(())
}

/// OpenFWI's survey on maps of `nx` columns: a receiver on every column, the sources where they are on OpenFWI's maps in
/// proportion to the width.
fn survey(nx: usize) -> Result<Survey> {
    let base = Survey::openfwi().config().clone();
    let last = base.receivers.len() - 1;
    let spread = |cell: &Cell| Cell { z: cell.z, x: (cell.x * (nx - 1) + last / 2) / last };
    Ok(Survey::new(SurveyConfig {
        sources: base.sources.iter().map(spread).collect(),
        receivers: (0..nx).map(|x| Cell { z: base.receivers[0].z, x }).collect(),
        ..base
    })?)
}

/// Gathers of each map, which the survey was checked on: on all cores, or on the device if it is a GPU.
#[cfg_attr(not(any(feature = "vulkan", feature = "cuda")), expect(unused_variables, reason = "no GPU is built in"))]
fn simulate(device: &Device, survey: &Survey, maps: &[VelocityMap], bar: &ProgressBar) -> Result<Vec<Gathers>> {
    #[cfg(any(feature = "vulkan", feature = "cuda"))]
    if let Ok(client) = wave::gpu::client(device) {
        return maps
            .iter()
            .map(|map| {
                let medium = wave::Medium::new(survey, map)?;
                let gathers = wave::gpu::GpuSimulator::new(client.clone(), &medium)?.simulate_blocking()?;
                bar.inc(1);
                Ok(gathers)
            })
            .collect();
    }
    maps.par_iter()
        .map(|map| {
            let gathers = wave::simulate(survey, map)?;
            bar.inc(1);
            Ok(gathers)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use wavediffusion::npy;

    use super::*;

    fn args(dir: &Path, device: DeviceArg) -> SimulateArgs {
        SimulateArgs { velocity: dir.join("v.npy"), out: dir.join("d.npy"), device }
    }

    #[track_caller]
    fn check_refused(shape: &[usize], velocity: f32, device: DeviceArg, expected: &str) {
        let dir = tempfile::tempdir().unwrap();
        let args = args(dir.path(), device);
        fs::write(&args.velocity, npy::to_bytes(shape, &vec![velocity; shape.iter().product()]).unwrap()).unwrap();
        let message = format!("{:#}", run(&args).unwrap_err());
        assert!(message.contains(expected), "{message}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing but the input is left");
    }

    #[test]
    fn openfwi_maps_get_openfwis_survey() {
        assert_eq!(survey(70).unwrap(), Survey::openfwi());
    }

    #[test]
    fn sources_of_other_maps_span_the_width() {
        let columns: Vec<usize> = survey(139).unwrap().config().sources.iter().map(|cell| cell.x).collect();
        assert_eq!(columns, [0, 34, 68, 104, 138]);
    }

    #[test]
    fn gathers_are_written_for_each_map() {
        let dir = tempfile::tempdir().unwrap();
        let args = args(dir.path(), DeviceArg::Cpu);
        let values: Vec<f32> = [2000.0, 3000.0].into_iter().flat_map(|v| vec![v; 12 * 20]).collect();
        fs::write(&args.velocity, npy::to_bytes(&[2, 1, 12, 20], &values).unwrap()).unwrap();
        run(&args).unwrap();
        let gathers = NpyArray::read(&args.out).unwrap().gathers().unwrap();
        assert_eq!((gathers.len(), gathers[0].shape()), (2, [5, 1000, 20]));
        let map = VelocityMap::new(12, 20, vec![3000.0; 240]).unwrap();
        assert_eq!(gathers[1], wave::simulate(&survey(20).unwrap(), &map).unwrap());
    }

    #[test]
    fn impossible_input_is_refused_and_leaves_no_output() {
        check_refused(&[70, 70], 7000.0, DeviceArg::Cpu, "7000 m/s");
        check_refused(&[70, 70], -1.0, DeviceArg::Cpu, "(row 0, column 0) is -1");
        check_refused(&[2, 70, 70], 2000.0, DeviceArg::Cpu, "no velocity map");
        check_refused(&[1, 70], 2000.0, DeviceArg::Cpu, "outside the map of 1 x 70 cells");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_was_not_built_in_is_named() {
        check_refused(&[70, 70], 2000.0, DeviceArg::Cuda, "built without cuda");
    }
}
