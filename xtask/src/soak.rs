//! `cargo xtask soak`: what holds for one pair must hold for hundreds.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::process::{command, run};
use crate::tools::{self, Browser};
use crate::{bench_web, engine, page};

/// How long.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the engine computes.
    #[arg(long, value_enum, default_value_t = bench_web::Backend::Flex)]
    backend: bench_web::Backend,
    /// Pairs.
    #[arg(long, default_value_t = 500)]
    pairs: u32,
    /// Denoising steps of each.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Cells of the simulator's sponge instead of the survey's: with few, a GPU in software makes a pair in seconds, by as
    /// many dispatches and buffers.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    sponge: Option<u32>,
}

/// Generates many pairs in headless Chromium; fails when the engine's memory still grows after the first ten.
pub(crate) fn soak(root: &Path, options: &Options) -> Result<()> {
    engine::build(root)?;
    tools::node(root)?;
    page::install(root)?;
    let Browser { chromium, .. } = tools::browser(root)?;
    let mut node = command(root, "node");
    node.args(["benches/web/soak.mjs", "--backend", options.backend.name()]);
    node.args(["--pairs", &options.pairs.to_string(), "--steps", &options.steps.to_string()]);
    if let Some(sponge) = options.sponge {
        node.args(["--sponge", &sponge.to_string()]);
    }
    run(node.env("CHROMIUM", chromium))
}
