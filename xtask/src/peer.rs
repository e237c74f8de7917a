//! The peers that the engine is measured beside: installs them and gets their networks ready.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::page;
use crate::process::{command, run, target};
use crate::step::{ready, step};

/// Where the peer's scripts are, in the checkout.
const ONNX: &str = "benches/peers/onnx";

/// Installs onnxruntime-web and exports the shipped networks for it, with PyTorch in an environment beside the build.
pub(crate) fn onnx(root: &Path) -> Result<()> {
    let folder = root.join(ONNX);
    page::install_packages(&folder)?;
    let weights = root.join("www/public/weights");
    let time = |file: PathBuf| fs::metadata(file).and_then(|data| data.modified()).ok();
    let exported = time(folder.join("models/seismic_decoder.onnx"));
    let sources = [weights.join("manifest.json"), folder.join("export.py")].map(time);
    if exported.is_some() && sources.iter().all(|source| *source <= exported) {
        ready("ONNX networks");
        return Ok(());
    }
    // Beside what cargo builds.
    let environment = target()?.join("peers/onnx");
    let python = environment.join("bin/python");
    if !environment.join("installed").is_file() {
        step("Installing PyTorch (gigabytes)", || {
            run(command(root, "python3").args(["-m", "venv"]).arg(&environment))?;
            let install = ["-m", "pip", "install", "--quiet", "--requirement"];
            run(command(&folder, &python).args(install).arg("requirements.txt"))?;
            fs::write(environment.join("installed"), "").context("the environment cannot be written")
        })?;
    }
    step("Exporting the networks to ONNX", || {
        run(command(&folder, &python).arg("export.py").arg(&weights).arg("models"))
    })
}
