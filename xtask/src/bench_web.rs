//! `cargo xtask bench-web`: the engine, or the page, in headless Chromium, against the clock.

use std::path::Path;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::process::{command, run};
use crate::tools::{self, Browser};
use crate::{engine, page, peer};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the engine computes.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
    /// Pairs or runs that are timed, after a first one; without it 7, and 20 beside a peer.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Denoising steps of a pair; with 0, the simulator alone.
    #[arg(long, default_value_t = 20)]
    steps: u32,
    /// Every step's pair is decoded and handed over too, as where the page shows a pair while it forms.
    #[arg(long, conflicts_with_all = ["page", "curves", "peer"])]
    watched: bool,
    /// What a visitor of the page waits for, instead of what a pair takes.
    #[arg(long, conflicts_with_all = ["backend", "steps"])]
    page: bool,
    /// What networks cost against the batch, and a pair against steps and guidance.
    #[arg(long, conflicts_with_all = ["page", "peer", "steps"])]
    curves: bool,
    /// One network at a time, beside another runtime on the same networks.
    #[arg(long, value_enum, conflicts_with_all = ["page", "steps"])]
    peer: Option<Peer>,
}

/// The engine's backends.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Backend {
    /// The processor, with WebAssembly SIMD, on one thread.
    Flex,
    /// WebGPU; in headless Chromium that is SwiftShader, a GPU in software.
    Webgpu,
}

/// What people would use instead.
#[derive(Clone, Copy, ValueEnum)]
enum Peer {
    /// onnxruntime-web, WebAssembly on one thread or WebGPU.
    Onnx,
}

impl Backend {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Webgpu => "webgpu",
        }
    }
}

/// Builds what is needed and prints what a pair takes in the browser, stage by stage, or what a visitor waits for.
pub(crate) fn bench(root: &Path, options: &Options) -> Result<()> {
    engine::build(root)?;
    tools::node(root)?;
    page::install(root)?;
    let Browser { chromium, .. } = tools::browser(root)?;
    let mut node = command(root, "node");
    let backend = ["--backend", options.backend.name()];
    let mut repeat = 7;
    if options.page {
        page::build(root)?;
        node.arg("benches/web/page.mjs");
    } else if let Some(Peer::Onnx) = options.peer {
        peer::onnx(root)?;
        node.arg("benches/peers/onnx/bench.mjs").args(backend);
        repeat = 20;
    } else if options.curves {
        node.arg("benches/web/curves.mjs").args(backend);
    } else {
        node.arg("benches/web/bench.mjs").args(backend).args(["--steps", &options.steps.to_string()]);
        if options.watched {
            node.arg("--watched");
        }
    }
    node.args(["--repeat", &options.repeat.unwrap_or(repeat).to_string()]);
    run(node.env("CHROMIUM", chromium))
}
