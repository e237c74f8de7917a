//! `wavediffusion verify`

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::files;
use crate::progress::progress_bar;
use crate::verify::{GROUPS, markdown};

/// Check the simulator against theory: Green's function, convergence, symmetries, stability, sponge, adjoint, precision
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When a figure is not what theory says, or the file cannot be written.
pub fn run(args: &VerifyArgs) -> Result<()> {
    let bar = progress_bar("verifying", GROUPS.len());
    let mut checks = Vec::new();
    for (name, group) in GROUPS {
        bar.set_message(name);
        checks.extend(group().with_context(|| format!("cannot check {name}"))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&checks)? + "\n";
        files::replace(path, text.as_bytes())?;
    }
    super::print(&markdown(&checks))?;
    let wrong = checks.iter().filter(|check| !check.passes()).count();
    ensure!(wrong == 0, "{wrong} of {} checks failed", checks.len());
    Ok(())
}
