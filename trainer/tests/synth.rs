//! Drives `wavediffusion synth` as its users do.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use wavediffusion::family::Family;
use wavediffusion_trainer::dataset::Dataset;
use wavediffusion_trainer::synth::generate;

/// `wavediffusion synth` with three shards of one pair each into `out`.
fn synth(out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavediffusion"));
    command.args(["synth", "--families", "flatfault-b", "--count", "3", "--shard-size", "1", "--seed", "9", "--out"]);
    command.arg(out).env("RUST_BACKTRACE", "0");
    command
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_killed_run_is_resumed_to_pairs_that_the_loader_reads() {
    let dir = tempfile::tempdir().unwrap();
    let (first, manifest) = (dir.path().join("FlatFault-B/model1.npy"), dir.path().join("manifest.json"));
    let mut killed = synth(dir.path()).spawn().unwrap();
    let start = Instant::now();
    while !manifest.exists() && start.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(10));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let written = fs::metadata(&first).unwrap().modified().unwrap();
    assert!(synth(dir.path()).output().unwrap().status.success());
    let data = Dataset::open(dir.path()).unwrap();
    assert_eq!(data.len(), 3);
    for index in 0..3 {
        assert_eq!(data.family(index), Some(Family::FlatFaultB));
        assert_eq!(data.velocity(index).unwrap(), generate(Family::FlatFaultB, 9, index as u64));
        assert_eq!(data.gathers(index).unwrap().shape(), [5, 1000, 70]);
    }
    // The finished shard was kept, and nothing half-written is left.
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), written);
    assert!(fs::read_dir(first.parent().unwrap()).unwrap().all(|f| f.unwrap().path().extension().unwrap() == "npy"));
}

#[test]
fn pairs_of_a_survey_of_ones_own_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let out =
        synth(dir.path()).args(["--sponge", "20", "--samples", "80", "--receivers", "1:0-69/3"]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(Dataset::open(dir.path()).unwrap().gathers(0).unwrap().shape(), [5, 80, 24]);
    let openfwi = complaint(&synth(dir.path()).output().unwrap());
    assert!(openfwi.contains("holds data of another survey"), "{openfwi}");
}

#[test]
fn a_manifest_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("manifest.json"), "{}").unwrap();
    assert!(complaint(&synth(dir.path()).output().unwrap()).contains("is no manifest of synthetic data"));
}

#[test]
fn held_out_seeds_and_unknown_families_are_refused() {
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wavediffusion"));
        complaint(&command.arg("synth").args(args).env("RUST_BACKTRACE", "0").output().unwrap())
    };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let held_out = run(&["--seed", "1000000", "--out", out.to_str().unwrap()]);
    assert!(held_out.contains("seed 1000000 is held out"), "{held_out}");
    let unknown = run(&["--families", "FlatVel-C", "--out", out.to_str().unwrap()]);
    assert!(unknown.contains("unknown family `FlatVel-C`"), "{unknown}");
    assert!(!out.exists());
}
