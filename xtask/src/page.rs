//! Builds the page: TypeScript and Vite, in `www`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;

use crate::process::{command, run};
use crate::step::{ready, step};

/// Installs the packages of the lock file unless that was done since it changed.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_packages(&folder(root))
}

/// [`install`] for another folder with a lock file.
pub(crate) fn install_packages(folder: &Path) -> Result<()> {
    let time = |file: &str| -> Option<SystemTime> { fs::metadata(folder.join(file)).ok()?.modified().ok() };
    if time("node_modules/.package-lock.json").is_some_and(|installed| Some(installed) >= time("package-lock.json")) {
        ready("npm packages");
        return Ok(());
    }
    let arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    step("Installing npm packages", || run(command(folder, "npm").args(arguments)))
}

/// Bundles the page into `www/dist`.
pub(crate) fn build(root: &Path) -> Result<()> {
    step("Bundling the page", || run(&mut script(root, "build")))
}

/// A script of the page's `package.json`.
pub(crate) fn script(root: &Path, name: &str) -> Command {
    let mut npm = npm(root);
    npm.args(["run", "--silent", name]);
    npm
}

fn npm(root: &Path) -> Command {
    command(&folder(root), "npm")
}

pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("www")
}
