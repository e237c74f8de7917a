//! `cargo xtask pack`: the engine as a package for npm, with types, weights, a README and an example.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{command, read};
use crate::step::step;
use crate::{engine, tools};

/// What the package holds beside what wasm-bindgen writes: where it is in the repository and in the package.
const FILES: [(&str, &str); 9] = [
    ("npm/package.json", "package.json"),
    ("npm/README.md", "README.md"),
    ("npm/example/index.html", "example/index.html"),
    ("npm/example/main.js", "example/main.js"),
    ("npm/example/worker.js", "example/worker.js"),
    ("www/public/weights/manifest.json", "weights/manifest.json"),
    ("www/public/weights/weights.safetensors", "weights/weights.safetensors"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
];

/// Builds what has changed of the engine and packs it.
pub(crate) fn run(root: &Path) -> Result<()> {
    tools::node(root)?;
    engine::build(root)?;
    let tarball = pack(root)?;
    println!("==> {}", tarball.display());
    Ok(())
}

/// Packs the engine that is built; returns the tarball.
pub(crate) fn pack(root: &Path) -> Result<PathBuf> {
    step("Packing the engine for npm", || {
        let package = root.join("pkg");
        for (from, to) in FILES {
            let to = package.join(to);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(root.join(from), &to).with_context(|| format!("{from} cannot be copied to {}", to.display()))?;
        }
        let name = read(command(&package, "npm").args(["pack", "--silent"]))?;
        Ok(package.join(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_has_the_crates_version() {
        let package = fs::read_to_string(crate::process::root().join("npm/package.json")).unwrap();
        assert!(package.contains(&format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"))));
    }
}
