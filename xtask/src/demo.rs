//! `cargo xtask demo` and `cargo xtask build`: from a fresh checkout to the page in a browser, or in a folder.

use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{engine, page, tools};

/// Builds what has changed of the page, into `www/dist`.
pub(crate) fn build(root: &Path) -> Result<()> {
    tools::node(root)?;
    // One waits for the network, the other for the processor.
    thread::scope(|scope| {
        let packages = scope.spawn(|| page::install(root));
        let engine = engine::build(root);
        let packages = packages.join().unwrap_or_else(|_| bail!("installing the page's packages panicked"));
        engine.and(packages)
    })?;
    page::build(root)
}

/// Builds what has changed and serves the page on localhost until interrupted.
pub(crate) fn run(root: &Path, port: u16) -> Result<()> {
    let start = Instant::now();
    if TcpStream::connect(("localhost", port)).is_ok() {
        bail!("port {port} is in use; choose another with --port");
    }
    build(root)?;
    // Browsers offer WebGPU on localhost and over https only.
    let mut server = page::script(root, "preview");
    server.args(["--", "--host", "localhost", "--strictPort", "--port", &port.to_string(), "--logLevel", "warn"]);
    let mut server = server.spawn().context("the page's server could not be started")?;
    while TcpStream::connect(("localhost", port)).is_err() {
        if let Some(status) = server.try_wait()? {
            bail!("the page's server ended at once ({status})");
        }
        thread::sleep(Duration::from_millis(100));
    }
    println!("==> Ready after {:.0} s: open http://localhost:{port}/ (Ctrl-C ends it)", start.elapsed().as_secs_f64());
    let status = server.wait()?;
    if !status.success() {
        bail!("the page's server ended ({status})");
    }
    Ok(())
}
