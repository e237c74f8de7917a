//! `cargo xtask bench-web`: the engine, or the page, in headless Chromium, against the clock.

use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::process::{command, run};
use crate::tools::{self, Browser};
use crate::{engine, page};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the engine computes.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
    /// Pairs that are timed, after a first one.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Denoising steps of a pair; with 0, the simulator alone.
    #[arg(long, default_value_t = 20)]
    steps: u32,
    /// What a visitor of the page waits for, instead of what a pair takes.
    #[arg(long, conflicts_with_all = ["backend", "steps"])]
    page: bool,
}

/// The engine's backends.
#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// The processor, with WebAssembly SIMD, on one thread.
    Flex,
    /// WebGPU; in headless Chromium that is SwiftShader, a GPU in software.
    Webgpu,
}

impl Backend {
    fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Webgpu => "webgpu",
        }
    }
}

/// Builds what is needed and prints what a pair takes in the browser, stage by stage, or what a visitor waits for.
pub(crate) fn bench(root: &Path, options: &Options) -> Result<()> {
    tools::wasm(root)?;
    engine::build(root)?;
    tools::node(root)?;
    page::install(root)?;
    let Browser { chromium, .. } = tools::browser(root)?;
    let mut node = command(root, "node");
    if options.page {
        page::build(root)?;
        node.arg("benches/web/page.mjs");
    } else {
        node.args(["benches/web/bench.mjs", "--backend", options.backend.name()]);
        node.args(["--steps", &options.steps.to_string()]);
    }
    node.args(["--repeat", &options.repeat.to_string()]);
    run(node.env("CHROMIUM", chromium))
}
