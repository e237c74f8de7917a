//! `wavediffusion synth`: makes synthetic pairs of velocity maps and shot gathers.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use wavediffusion::family::Family;

use super::families::FamiliesArg;
use crate::device::DeviceArg;
use crate::progress::progress_bar;
use crate::survey_options::SurveyArgs;
use crate::synth::{self, HELD_OUT_SEEDS, Outcome, Part, Plan, contact_sheet, statistics};

/// Make synthetic data: velocity maps of OpenFWI's families and their simulated shot gathers, as OpenFWI's files
#[derive(Args, Debug)]
pub struct SynthArgs {
    /// Directory of the data; a finished part of the same data in it is kept
    #[arg(long, value_name = "DIR", required_unless_present_any = ["statistics", "contact_sheets"])]
    out: Option<PathBuf>,
    #[command(flatten)]
    families: FamiliesArg,
    /// Pairs of each family
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Seed; those from 1,000,000 on are held out for evaluation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Allow a held-out seed
    #[arg(long)]
    held_out: bool,
    /// Pairs in a file
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    shard_size: u32,
    /// Make one part of the files, `2/4` say, while other machines make the others; the same command without it, where the
    /// files have come together, completes the data set
    #[arg(long, value_name = "I/N", requires = "out")]
    shard: Option<Part>,
    /// Print mean, deviation and layers of the maps beside OpenFWI's
    #[arg(long)]
    statistics: bool,
    /// Draw a contact sheet of each family, `<family>.png`, into this directory
    #[arg(long, value_name = "DIR")]
    contact_sheets: Option<PathBuf>,
    /// What computes the gathers
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    device: DeviceArg,
    #[command(flatten, next_help_heading = "Survey")]
    survey: SurveyArgs,
}

/// Runs the command.
///
/// # Errors
/// When the seed is held out, or the data cannot be written.
pub fn run(args: &SynthArgs) -> Result<()> {
    if args.seed >= HELD_OUT_SEEDS && !args.held_out {
        bail!(
            "seed {} is held out for evaluation; seeds of training data are below {HELD_OUT_SEEDS} (--held-out allows it)",
            args.seed
        );
    }
    let families = args.families.list();
    if args.statistics {
        let table = statistics::table(families, args.seed, u64::from(args.count));
        std::io::stdout().write_all(table.as_bytes())?;
    }
    if let Some(dir) = &args.contact_sheets {
        draw_contact_sheets(dir, families, args.seed)?;
    }
    match &args.out {
        Some(dir) => make(dir, args, families),
        None => Ok(()),
    }
}

fn draw_contact_sheets(dir: &Path, families: &[Family], seed: u64) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    families.iter().try_for_each(|&family| contact_sheet::draw(family, seed, &dir.join(format!("{family}.png"))))
}

fn make(dir: &Path, args: &SynthArgs, families: &[Family]) -> Result<()> {
    let plan = Plan {
        families: families.to_vec(),
        count: args.count as usize,
        seed: args.seed,
        shard_size: args.shard_size as usize,
        survey: args.survey.survey(synth::CELLS)?,
        part: args.shard,
    };
    let device = args.device.open()?;
    let stop = Arc::new(AtomicBool::new(false));
    let handler = Arc::clone(&stop);
    ctrlc::set_handler(move || handler.store(true, Ordering::Relaxed)).context("cannot catch Ctrl-C")?;
    let bar = progress_bar("making pairs", plan.pairs());
    bar.enable_steady_tick(Duration::from_secs(1));
    let outcome = synth::write(dir, &plan, &device, &stop, |step| match step {
        synth::Step::Kept(pairs) => {
            bar.inc(pairs as u64);
            bar.reset_eta();
        }
        synth::Step::Made(pairs) => bar.inc(pairs as u64),
    })?;
    match outcome {
        Outcome::Complete => bar.finish(),
        Outcome::Interrupted => {
            bar.abandon();
            bail!("interrupted; the same command goes on from the last finished file");
        }
    }
    Ok(())
}
