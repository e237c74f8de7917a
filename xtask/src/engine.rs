//! Builds the engine: the crate as WebAssembly, with its JavaScript and TypeScript bindings, in `pkg`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::process::{cargo, command, run};
use crate::step::{ready, step};
use crate::tools::WASM;

/// Compiles the engine and makes its bindings.
pub(crate) fn build(root: &Path) -> Result<()> {
    compile(root)?;
    bind(root)
}

/// Compiles the engine, which needs cargo alone.
pub(crate) fn compile(root: &Path) -> Result<()> {
    step("Compiling the engine to WebAssembly (minutes the first time)", || {
        run(cargo(root).args(["build", "--release", "--lib", "--package", "wavediffusion", "--target", WASM]))
    })
}

/// Makes the bindings, unless `pkg` has those of this module.
pub(crate) fn bind(root: &Path) -> Result<()> {
    let source = stamp(&module()?)?;
    let note = root.join("pkg").join(".source");
    if fs::read_to_string(&note).is_ok_and(|noted| noted == source) {
        ready("JavaScript bindings in pkg");
        return Ok(());
    }
    step("Making the JavaScript bindings in pkg", || {
        let pack = "--quiet build --release --target web --out-dir pkg --mode no-install --no-pack";
        run(command(root, "wasm-pack").args(pack.split(' ')))?;
        fs::write(&note, stamp(&module()?)?).context("pkg/.source cannot be written")
    })
}

/// The module that cargo writes, beside the folder that holds this program.
fn module() -> Result<PathBuf> {
    let program = env::current_exe().context("the place of this program is not known")?;
    let target = program.ancestors().nth(2).context("this program does not lie in cargo's target folder")?;
    Ok(target.join(WASM).join("release").join("wavediffusion.wasm"))
}

/// Tells one build of a file from another.
fn stamp(file: &Path) -> Result<String> {
    let data = fs::metadata(file).with_context(|| format!("{} is missing", file.display()))?;
    let time = data.modified()?.duration_since(UNIX_EPOCH)?;
    Ok(format!("{} bytes, {} ns\n", data.len(), time.as_nanos()))
}
