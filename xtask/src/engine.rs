//! Builds the engine: the crate as WebAssembly, with its JavaScript and TypeScript bindings, in `pkg`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, run, target};
use crate::step::{ready, step};
use crate::tools::WASM;

/// The profile of `Cargo.toml` that the engine is compiled with.
pub(crate) const PROFILE: &str = "web";

/// Compiles the engine and makes its bindings.
pub(crate) fn build(root: &Path) -> Result<()> {
    step("Compiling the engine to WebAssembly (minutes the first time)", || {
        let build = ["build", "--profile", PROFILE, "--lib", "--package", "wavediffusion", "--target", WASM];
        run(cargo(root).args(build))
    })?;
    bind(root)
}

/// Makes the bindings, unless `pkg` has those of this module.
fn bind(root: &Path) -> Result<()> {
    let (package, module) = (root.join("pkg"), module()?);
    let source = stamp(&module)?;
    let note = package.join(".source");
    if fs::read_to_string(&note).is_ok_and(|noted| noted == source) {
        ready("JavaScript bindings in pkg");
        return Ok(());
    }
    step("Making the JavaScript bindings in pkg", || {
        Bindgen::new()
            .input_path(&module)
            .web(true)?
            .typescript(true)
            // The module is looked for beside its JavaScript unless a page says otherwise.
            .omit_default_module_path(false)
            // Names of functions, which only traces show, are a quarter of the module.
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(&package)?;
        fs::write(&note, source).context("pkg/.source cannot be written")
    })
}

/// The module that cargo writes, beside the folder that holds this program.
pub(crate) fn module() -> Result<PathBuf> {
    Ok(target()?.join(WASM).join(PROFILE).join("wavediffusion.wasm"))
}

/// Tells one build of a file from another.
fn stamp(file: &Path) -> Result<String> {
    let data = fs::metadata(file).with_context(|| format!("{} is missing", file.display()))?;
    let time = data.modified()?.duration_since(UNIX_EPOCH)?;
    Ok(format!("{} bytes, {} ns\n", data.len(), time.as_nanos()))
}
