//! Builds the engine: the crate as WebAssembly, with its JavaScript and TypeScript bindings, in `pkg`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_encoder::{Module, RawSection, SectionId};
use wasmparser::Parser;

use crate::process::{command, run, target};
use crate::step::step;
use crate::tools::{self, WASM};

/// The profile of `Cargo.toml` that the engine is compiled with.
pub(crate) const PROFILE: &str = "web";

/// Builds what has changed of the engine.
pub(crate) fn build(root: &Path) -> Result<()> {
    tools::wasm_target(root)?;
    tools::wasm_pack(root)?;
    step("Compiling the engine to WebAssembly, in pkg (minutes the first time)", || {
        // npm/package.json is the package's own.
        let build = ["build", "--target", "web", "--profile", PROFILE, "--no-pack", "--mode", "no-install"];
        run(command(root, "wasm-pack").args(build))?;
        drop_names(&root.join("pkg/wavediffusion_bg.wasm"))
    })
}

/// The module that cargo writes, beside the folder that holds this program.
pub(crate) fn module() -> Result<PathBuf> {
    Ok(target()?.join(WASM).join(PROFILE).join("wavediffusion.wasm"))
}

/// Leaves out of a module what no browser needs: the names of functions, which only traces show, are a quarter of it.
fn drop_names(file: &Path) -> Result<()> {
    let module = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bare = without_custom_sections(&module)?;
    let new = file.with_extension("wasm.new");
    fs::write(&new, bare)
        .and_then(|()| fs::rename(&new, file))
        .with_context(|| format!("{} cannot be written", file.display()))
}

/// A module without its custom sections, which do not change what it does.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let mut bare = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Some((id, range)) = payload?.as_section().filter(|&(id, _)| id != SectionId::Custom as u8) {
            bare.section(&RawSection { id, data: &module[range] });
        }
    }
    Ok(bare.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{CustomSection, TypeSection};

    #[test]
    fn a_module_keeps_all_but_its_custom_sections() {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let names = CustomSection { name: "name".into(), data: (&[][..]).into() };
        let (mut named, mut bare) = (Module::new(), Module::new());
        named.section(&types).section(&names);
        bare.section(&types);
        assert_eq!(without_custom_sections(named.as_slice()).unwrap(), bare.finish());
    }
}
