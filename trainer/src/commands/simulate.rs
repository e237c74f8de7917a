//! `wavediffusion simulate`: computes the shot gathers of velocity maps.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, value_parser};
use wavediffusion::npy::{NpyArray, NpyWriter};
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::{Medium, Wavefield};

use crate::device::DeviceArg;
use crate::figure;
use crate::files;
use crate::progress::progress_bar;
use crate::simulation::{BATCH, simulate};
use crate::survey_options::SurveyArgs;

/// Compute the shot gathers that a survey, OpenFWI's unless told otherwise, records over velocity maps
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// Velocity maps in m/s, a .npy of shape (nz, nx), (1, nz, nx) or (N, 1, nz, nx)
    #[arg(long, value_name = "FILE")]
    velocity: PathBuf,
    /// Shot gathers to write, a .npy of shape (N, shots, samples, receivers)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What computes the gathers
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    device: DeviceArg,
    #[command(flatten, next_help_heading = "Survey")]
    survey: SurveyArgs,
    #[command(flatten, next_help_heading = "Snapshots and pictures")]
    views: Views,
}

/// What else is written.
#[derive(Args, Debug)]
struct Views {
    /// Snapshots of one shot's wavefield to write, a .npy of shape (N, snapshots, nz, nx)
    #[arg(long, value_name = "FILE")]
    snapshots: Option<PathBuf>,
    /// The same snapshots over one velocity map, an animated PNG to write
    #[arg(long, value_name = "FILE")]
    animation: Option<PathBuf>,
    /// One map's gathers between axes, a PNG to write
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Time steps between two snapshots
    #[arg(long, value_name = "STEPS", default_value_t = 10, value_parser = value_parser!(u32).range(1..))]
    every: u32,
    /// Shot of the snapshots, counted from 0; the middle one without it
    #[arg(long, value_name = "INDEX")]
    shot: Option<usize>,
    /// Map of the pictures, counted from 0
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    map: usize,
}

/// Runs the command.
///
/// # Errors
/// When the input is no set of velocity maps that the survey can be run on, the device is not there, or a file cannot be
/// read or written. No output is left behind then, save what was complete before.
pub fn run(args: &SimulateArgs) -> Result<()> {
    let read = || NpyArray::read(&args.velocity)?.velocity_maps();
    let maps = read().with_context(|| format!("cannot read velocity maps from {}", args.velocity.display()))?;
    let survey = args.survey.survey(maps[0].nx())?;
    for (index, map) in maps.iter().enumerate() {
        survey.check(map).with_context(|| format!("cannot simulate map {index} of {}", args.velocity.display()))?;
    }
    let (config, views) = (survey.config(), &args.views);
    let shots = config.sources.len();
    let shot = views.shot.unwrap_or(shots / 2);
    ensure!(shot < shots, "there is no shot {shot}: the survey has shots 0 to {}", shots - 1);
    ensure!(
        views.map < maps.len(),
        "there is no map {}: {} has maps 0 to {}",
        views.map,
        args.velocity.display(),
        maps.len() - 1
    );
    let outputs = [views.snapshots.as_ref(), views.animation.as_ref(), views.plot.as_ref()];
    files::check_outputs(outputs.into_iter().flatten().chain([&args.out]))?;
    let frames = config.samples / views.every as usize;
    ensure!(
        frames > 0 || (views.snapshots.is_none() && views.animation.is_none()),
        "there is no snapshot to show: the survey has {} samples, and the first snapshot is of sample {}",
        config.samples,
        views.every
    );
    let device = args.device.open()?;

    let create = |path: &PathBuf, shape: &[usize]| {
        NpyWriter::create(path, shape).with_context(|| format!("cannot write {}", path.display()))
    };
    let (samples, receivers) = (config.samples, config.receivers.len());
    let mut out = create(&args.out, &[maps.len(), shots, samples, receivers])?;
    let shape = [maps.len(), frames, maps[0].nz(), maps[0].nx()];
    let mut snapshots = views.snapshots.as_ref().map(|path| create(path, &shape)).transpose()?;

    let bar = progress_bar("simulating maps", maps.len());
    for (batch, first) in maps.chunks(BATCH).zip((0..).step_by(BATCH)) {
        for (gathers, index) in simulate(&device, &survey, batch, |maps| bar.inc(maps as u64))?.iter().zip(first..) {
            out.write(gathers.values()).with_context(|| format!("cannot write {}", args.out.display()))?;
            if let Some(path) = views.plot.as_ref().filter(|_| index == views.map) {
                figure::save_gathers(gathers, config, path)?;
            }
        }
        if let Some(writer) = &mut snapshots {
            for map in batch {
                writer
                    .write(&wavefield(&survey, map, shot, views.every)?.values)
                    .context("cannot write the snapshots")?;
            }
        }
    }
    if let Some(path) = &views.animation {
        let (map, interval) = (&maps[views.map], f64::from(views.every) * config.dt);
        let wavefield = wavefield(&survey, map, shot, views.every)?;
        figure::save_wavefield(&wavefield, map, interval, config.spacing, path)?;
    }
    if let Some(snapshots) = snapshots {
        snapshots.finish().context("cannot write the snapshots")?;
    }
    out.finish().with_context(|| format!("cannot write {}", args.out.display()))?;
    bar.finish();
    Ok(())
}

/// Snapshots of a shot, from the CPU.
fn wavefield(survey: &Survey, map: &VelocityMap, shot: usize, every: u32) -> Result<Wavefield> {
    Medium::<f32>::new(survey, map)?
        .wavefield(shot, every as usize)
        .with_context(|| format!("the survey has no shot {shot}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::Parser;
    use wavediffusion::npy;
    use wavediffusion::wave;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: SimulateArgs,
    }

    /// The command on `dir/v.npy`, to `dir/d.npy`, with more options; `@` stands for the directory.
    fn args(dir: &Path, more: &str) -> SimulateArgs {
        let line = format!("simulate --velocity @/v.npy --out @/d.npy {more}");
        let line = line.split_whitespace().map(|word| word.replace('@', &dir.display().to_string()));
        Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).args
    }

    fn write_maps(dir: &Path, shape: &[usize], velocity: f32) {
        let values = vec![velocity; shape.iter().product()];
        fs::write(dir.join("v.npy"), npy::to_bytes(shape, &values).unwrap()).unwrap();
    }

    fn shape(path: &Path) -> Vec<usize> {
        NpyArray::read(path).unwrap().shape().to_vec()
    }

    #[track_caller]
    fn check_refused(shape: &[usize], velocity: f32, more: &str, expected: &str) {
        let dir = tempfile::tempdir().unwrap();
        write_maps(dir.path(), shape, velocity);
        let message = format!("{:#}", run(&args(dir.path(), more)).unwrap_err());
        assert!(message.contains(expected), "{message}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing but the input is left");
    }

    #[test]
    fn gathers_are_written_for_each_map() {
        let dir = tempfile::tempdir().unwrap();
        let args = args(dir.path(), "");
        let values: Vec<f32> = [2000.0, 3000.0].into_iter().flat_map(|v| vec![v; 12 * 20]).collect();
        fs::write(&args.velocity, npy::to_bytes(&[2, 1, 12, 20], &values).unwrap()).unwrap();
        run(&args).unwrap();
        let gathers = NpyArray::read(&args.out).unwrap().gathers().unwrap();
        assert_eq!((gathers.len(), gathers[0].shape()), (2, [5, 1000, 20]));
        let map = VelocityMap::new(12, 20, vec![3000.0; 240]).unwrap();
        let survey = SurveyArgs::default().survey(20).unwrap();
        assert_eq!(gathers[1], wave::simulate(&survey, &map).unwrap());
    }

    #[test]
    fn a_survey_of_ones_own_is_run_and_shown() {
        let dir = tempfile::tempdir().unwrap();
        write_maps(dir.path(), &[2, 1, 30, 40], 2000.0);
        fs::write(dir.path().join("s.toml"), "samples = 200\nsources = \"2:20\"\nspacing = 5.0").unwrap();
        let more = "--survey @/s.toml --receivers 2-28:35 --free-surface --samples 120 --sponge 20 \
                    --snapshots @/w.npy --every 30 --animation @/w.png --plot @/g.png --map 1";
        run(&args(dir.path(), more)).unwrap();
        assert_eq!(shape(&dir.path().join("d.npy")), [2, 1, 120, 27]);
        assert_eq!(shape(&dir.path().join("w.npy")), [2, 4, 30, 40]);
        let snapshots = NpyArray::read(&dir.path().join("w.npy")).unwrap();
        let last = &snapshots.values()[7 * 1200..];
        assert!(last[..40].iter().all(|&u| u == 0.0) && last[20 * 40..].iter().any(|&u| u != 0.0), "a free surface");
        assert!(image::open(dir.path().join("w.png")).is_ok() && image::open(dir.path().join("g.png")).is_ok());
    }

    #[test]
    fn impossible_input_is_refused_and_leaves_no_output() {
        check_refused(&[70, 70], 7000.0, "", "7000 m/s");
        check_refused(&[70, 70], -1.0, "", "(row 0, column 0) is -1");
        check_refused(&[2, 70, 70], 2000.0, "", "no velocity map");
        check_refused(&[1, 70], 2000.0, "", "outside the map of 1 x 70 cells");
        check_refused(&[20, 20], 2000.0, "--shot 5", "shots 0 to 4");
        check_refused(&[20, 20], 2000.0, "--map 1", "maps 0 to 0");
        check_refused(&[20, 20], 2000.0, "--receivers 1:0-20", "receiver 20 is at (row 1, column 20)");
        check_refused(&[20, 20], 2000.0, "--survey @/none.toml", "none.toml");
        check_refused(&[20, 20], 2000.0, "--samples 5 --animation @/w.png", "no snapshot to show");
        check_refused(&[20, 20], 2000.0, "--samples 5 --snapshots @/w.npy", "no snapshot to show");
        check_refused(&[20, 20], 2000.0, "--snapshots @/d.npy", "two outputs");
        check_refused(&[20, 20], 2000.0, "--plot @/none/g.png", "there is no folder");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_was_not_built_in_is_named() {
        check_refused(&[70, 70], 2000.0, "--device cuda", "built without cuda");
    }
}
