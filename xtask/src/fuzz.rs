//! `cargo xtask fuzz`: the fuzz tests for longer than a test run takes.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::page;
use crate::process::{cargo, run};

/// How long, and on which inputs.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Another seed makes other inputs.
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// Reads inputs for a while, target after target, and prints how many.
pub(crate) fn fuzz(root: &Path, options: &Options) -> Result<()> {
    let (seconds, seed) = (options.seconds.to_string(), options.seed.to_string());
    let test = ["test", "--release", "--workspace", "--test", "fuzz", "--", "--nocapture", "--test-threads=1"];
    run(cargo(root).args(test).env("FUZZ_SECONDS", &seconds).env("FUZZ_SEED", &seed))?;
    page::install(root)?;
    run(page::script(root, "test").args(["--", "fuzz"]).env("FUZZ_SECONDS", &seconds).env("FUZZ_SEED", &seed))
}
