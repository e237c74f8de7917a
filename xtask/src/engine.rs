//! Builds the engine: the crate as WebAssembly, with its JavaScript and TypeScript bindings, in `pkg`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use wasmparser::{CustomSectionReader, Parser, Payload};

use crate::process::{cargo, command, run, target};
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
        let bound = root.join("pkg/wavediffusion_bg.wasm");
        let bytes = fs::read(&bound).with_context(|| format!("{} cannot be read", bound.display()))?;
        fs::write(&bound, without_names(&bytes)?).with_context(|| format!("{} cannot be written", bound.display()))?;
        fs::write(&note, stamp(&module()?)?).context("pkg/.source cannot be written")
    })
}

/// A module without the names of its functions, which only traces show: they are a quarter of its bytes.
fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let mut kept = Vec::with_capacity(module.len());
    let mut end = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let range = match &payload {
            Payload::Version { range, .. } => range.clone(),
            other => match other.as_section() {
                Some((_, range)) => range,
                None => continue,
            },
        };
        // From the end of what came before: a range leaves out the section's own header.
        let whole = end..range.end;
        end = range.end;
        let is_named = |section: &CustomSectionReader<'_>| ["name", "producers"].contains(&section.name());
        if !matches!(&payload, Payload::CustomSection(section) if is_named(section)) {
            kept.extend_from_slice(&module[whole]);
        }
    }
    Ok(kept)
}

/// The module that cargo writes, beside the folder that holds this program.
pub(crate) fn module() -> Result<PathBuf> {
    Ok(target()?.join(WASM).join("release").join("wavediffusion.wasm"))
}

/// Tells one build of a file from another.
fn stamp(file: &Path) -> Result<String> {
    let data = fs::metadata(file).with_context(|| format!("{} is missing", file.display()))?;
    let time = data.modified()?.duration_since(UNIX_EPOCH)?;
    Ok(format!("{} bytes, {} ns\n", data.len(), time.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_everything_else_stays() {
        let rest = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b\0\x05\x04mine";
        let names = b"\0\x0e\x04name\x01\x07\x01\0\x04a::f";
        let module = [&rest[..], names].concat();
        assert_eq!(without_names(&module).unwrap(), rest);
        assert!(without_names(&module[..module.len() - 1]).is_err());
    }
}
