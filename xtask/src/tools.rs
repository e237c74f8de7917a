//! What the commands need installed: what, in which version, and how.
//!
//! Rust tools go to cargo's folder of installed programs, browsers to the system; nothing goes into the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{cargo, command, find, read, run};
use crate::step::{ready, step};

/// The target of the engine.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

const WASM_PACK: &str = "0.15.1";
const CARGO_DENY: &str = "0.20.2";
const NODE: &str = "20.19 or newer, or 22.12 or newer";

/// Programs that the browser tests drive.
pub(crate) struct Browser {
    /// Chromium or Chrome.
    pub(crate) chromium: PathBuf,
    /// Its WebDriver server.
    pub(crate) chromedriver: PathBuf,
}

/// What builds the engine and tests it in a browser: wasm-pack, and wasm-bindgen in the version of the lock file.
pub(crate) fn wasm_pack(root: &Path) -> Result<()> {
    let bindgen = locked_version(root, "wasm-bindgen")?;
    // It reads and writes tens of megabytes; the others only start programs and read texts.
    cargo_tool(root, "wasm-bindgen-cli", "wasm-bindgen", &bindgen, 1)?;
    cargo_tool(root, "wasm-pack", "wasm-pack", WASM_PACK, 0)
}

/// What knows the licences of crates and the vulnerabilities of their versions.
pub(crate) fn cargo_deny(root: &Path) -> Result<()> {
    cargo_tool(root, "cargo-deny", "cargo-deny", CARGO_DENY, 0)
}

/// The standard library of the engine's target.
pub(crate) fn wasm_target(root: &Path) -> Result<()> {
    let folder = read(command(root, "rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(&folder).is_dir() {
        ready(&format!("Rust target {WASM}"));
        return Ok(());
    }
    step(&format!("Adding the Rust target {WASM}"), || run(command(root, "rustup").args(["target", "add", WASM])))
        .with_context(|| format!("install rustup, or the standard library for {WASM} by your system's means"))
}

/// The version of `package` in the lock file.
fn locked_version(root: &Path, package: &str) -> Result<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock does not name a version of {package}"))
}

/// Installs `package`, compiled at an optimisation `level`, unless `program` is there in exactly this `version`.
fn cargo_tool(root: &Path, package: &str, program: &str, version: &str, level: u8) -> Result<()> {
    let found = find(&[program]).and_then(|path| read(command(root, path).arg("--version")).ok());
    if found.is_some_and(|text| text.split_whitespace().nth(1) == Some(version)) {
        ready(&format!("{package} {version}"));
        return Ok(());
    }
    // Outside the checkout, whose configuration compiles for this very processor.
    let anywhere = std::env::temp_dir();
    let install = |locked: &[&str]| {
        let mut cargo = cargo(&anywhere);
        cargo.env_remove("CARGO_TARGET_DIR");
        // They run for seconds, and compile for minutes.
        cargo.args(["--config", &format!("profile.release.opt-level={level}")]);
        run(cargo.args(["install", "--quiet", "--force", package, "--version", version]).args(locked))
    };
    step(&format!("Installing {package} {version} (compiles for 1 to 4 minutes)"), || {
        // The package's own lock file may name versions that a registry mirror does not have.
        install(&["--locked"]).or_else(|_| install(&[]))
    })
}

/// Node and npm.
pub(crate) fn node(root: &Path) -> Result<()> {
    let advice = || {
        format!("the page is built with Node ({NODE}) and npm: install them from nodejs.org or your system's packages")
    };
    let text = find(&["node"]).map(|path| read(command(root, path).arg("--version"))).with_context(advice)??;
    if !builds_the_page(&text) {
        bail!("node is {text}; {}", advice());
    }
    find(&["npm"]).with_context(advice)?;
    ready(&format!("Node {text}"));
    Ok(())
}

/// Whether a version of Node is one that vite runs on (`engines` of its package).
fn builds_the_page(version: &str) -> bool {
    let numbers: Vec<u32> = version.trim_start_matches('v').split('.').map_while(|part| part.parse().ok()).collect();
    matches!(numbers[..], [20, (19..), ..] | [22, (12..), ..] | [(23..), ..])
}

/// Chromium and its driver, installed from Debian's packages where this program may do so.
pub(crate) fn browser(root: &Path) -> Result<Browser> {
    if let Some(browser) = installed_browser() {
        ready("Chromium and chromedriver");
        return Ok(browser);
    }
    let is_root = read(command(root, "id").arg("-u")).is_ok_and(|id| id == "0");
    if find(&["apt-get"]).is_none() || !is_root {
        bail!(
            "the browser tests need Chromium (or Chrome) and the chromedriver of the same version on PATH; \
             on Debian: `apt-get install chromium chromium-driver` as root, on macOS: `brew install --cask chromium chromedriver`"
        );
    }
    step("Installing Chromium and chromedriver", || {
        let apt = || {
            let mut apt = command(root, "apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        run(apt().args(["-qq", "update"]))?;
        run(apt().args(["-qq", "-y", "install", "--no-install-recommends", "chromium", "chromium-driver"]))
    })?;
    installed_browser().context("Chromium or chromedriver is still not on PATH")
}

fn installed_browser() -> Option<Browser> {
    let chromium = find(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])?;
    Some(Browser { chromium, chromedriver: find(&["chromedriver"])? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_is_asked_for_what_vite_needs() {
        for (version, builds) in [("v18.20.4", false), ("v20.0.0", false), ("v20.19.0", true), ("v22.5.1", false)] {
            assert_eq!(builds_the_page(version), builds, "{version}");
        }
        assert!(builds_the_page("v22.12.0") && builds_the_page("v24.1.0") && !builds_the_page("no version"));
    }
}
