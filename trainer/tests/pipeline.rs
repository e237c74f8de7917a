//! Drives the program from data to verdict, with networks that are small enough for a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use wavediffusion::family::Family;
use wavediffusion::manifest::Manifest;
use wavediffusion::model::{ModelConfig, Weights, read_weights};
use wavediffusion::npy::{self, NpyArray};
use wavediffusion_trainer::commands::evaluate::SamplerArgs;
use wavediffusion_trainer::train::{
    AutoencoderConfig, ClassifierConfig, DiffusionConfig, SeismicCodebook, read_config,
};

fn wavediffusion(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_wavediffusion");
    Command::new(program).args(args).env("RUST_BACKTRACE", "0").output().unwrap()
}

fn succeed(args: &[&str]) -> String {
    let output = wavediffusion(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn complaint(args: &[&str]) -> String {
    let output = wavediffusion(args);
    assert!(!output.status.success(), "{args:?} succeeded");
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().find(|line| line.starts_with("error:")).unwrap_or(&text).to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Manifest and tensors of exported weights.
fn exported(directory: &Path) -> (Manifest, Weights) {
    let manifest = Manifest::parse(&fs::read_to_string(directory.join("manifest.json")).unwrap()).unwrap();
    (manifest, read_weights(&fs::read(directory.join("weights.safetensors")).unwrap()).unwrap())
}

/// A directory with two pairs of data, tiny configurations, both runs and their export, made once for all tests.
fn workspace() -> &'static Path {
    static WORKSPACE: OnceLock<PathBuf> = OnceLock::new();
    WORKSPACE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap().keep();
        let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
        let mut first: AutoencoderConfig = read_config(&configs.join("autoencoder.toml")).unwrap();
        first.model = ModelConfig::tiny();
        first.held_out = 1;
        first.velocity.unquantised_steps = 1;
        let mut second: DiffusionConfig = read_config(&configs.join("diffusion.toml")).unwrap();
        (second.statistics_maps, second.preview_steps) = (4, 1);
        // The error of the map alone has to reach the encoder, through the decoder.
        first.seismic_encoder.alignment = 0.0;
        let [velocity, decoder, encoder] =
            [&mut first.velocity.run, &mut first.seismic_decoder.run, &mut first.seismic_encoder.run];
        let alone = &mut first.velocity_decoder.as_mut().unwrap().run;
        for run in [velocity, alone, decoder, encoder, &mut second.run] {
            (run.steps, run.batch) = (3, 2);
        }
        fs::write(dir.join("first.toml"), toml::to_string(&first).unwrap()).unwrap();
        fs::write(dir.join("second.toml"), toml::to_string(&second).unwrap()).unwrap();

        let at = |name: &str| text(&dir.join(name)).to_owned();
        let (data, one, two) = (at("data"), at("first"), at("second"));
        succeed(&["synth", "--out", &data, "--families", "Style-A", "--count", "2", "--shard-size", "2"]);
        succeed(&["train", "autoencoder", "--config", &at("first.toml"), "--out", &one, "--data", &data]);
        succeed(&["train", "diffusion", "--config", &at("second.toml"), "--out", &two, "--autoencoder", &one]);
        let weights = at("weights");
        succeed(&[
            "export",
            "--autoencoder",
            &one,
            "--denoiser",
            &two,
            "--out",
            &weights,
            "--samples",
            "2",
            "--steps",
            "2",
            "--precision-samples",
            "2",
        ]);
        dir
    })
}

fn weights() -> &'static str {
    static WEIGHTS: OnceLock<String> = OnceLock::new();
    WEIGHTS.get_or_init(|| text(&workspace().join("weights")).to_owned())
}

#[test]
fn a_finished_run_has_metrics_pictures_and_a_checkpoint() {
    let run = workspace().join("first");
    for (part, picture, figure) in [
        ("velocity", "maps-000003.png", "commitment"),
        ("velocity-decoder", "maps-000003.png", "jumps"),
        ("seismic-decoder", "pairs-000003.png", "amplitude"),
        ("seismic-encoder", "maps-000003.png", "latent"),
    ] {
        for name in ["steps.csv", "validation.csv", "curves.png", picture, "checkpoint/progress.json"] {
            assert!(run.join(part).join(name).is_file(), "{part}/{name}");
        }
        let steps = fs::read_to_string(run.join(part).join("steps.csv")).unwrap();
        assert!(steps.lines().any(|line| line.starts_with("3,6,") && line.contains(figure)), "{steps}");
    }
}

#[test]
fn exported_weights_sample_the_same_pair_again_and_write_it_in_openfwis_shapes() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b.json"));
    let base = ["sample", "--weights", weights(), "--family", "style-a", "--seed", "7", "--steps", "2"];
    let first = succeed(&[&base[..], &["--path", "--out", text(&a), "--json", text(&b)]].concat());
    assert!(first.contains("step   2"), "{first}");
    let verdict: serde_json::Value = serde_json::from_str(&fs::read_to_string(&b).unwrap()).unwrap();
    let again = dir.path().join("again.json");
    succeed(&[&base[..], &["--json", text(&again)]].concat());
    let second: serde_json::Value = serde_json::from_str(&fs::read_to_string(&again).unwrap()).unwrap();
    assert_eq!(verdict["deviation"], second["deviation"]);
    assert_eq!(verdict["path"][1]["deviation"], verdict["deviation"]);
    assert_eq!(NpyArray::read(&a.join("velocity.npy")).unwrap().shape(), [1, 1, 70, 70]);
    assert_eq!(NpyArray::read(&a.join("generated.npy")).unwrap().shape(), [1, 5, 1000, 70]);
}

#[test]
fn another_example_pair_takes_the_place_of_the_exported_one() {
    let dir = tempfile::tempdir().unwrap();
    for file in fs::read_dir(weights()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
    }
    let manifest = || Manifest::parse(&fs::read_to_string(dir.path().join("manifest.json")).unwrap()).unwrap();
    let before = manifest();
    succeed(&["example", "--weights", text(dir.path()), "--family", "Style-A", "--seed", "7", "--steps", "2"]);
    let after = manifest();
    let example = after.example.as_ref().unwrap();
    assert_eq!((example.family, example.seed, example.steps), (Some(Family::StyleA), 7, 2));
    assert!(example.entry.check(&fs::read(dir.path().join("example.bin")).unwrap()).is_ok());
    assert_eq!((after.weights, after.model), (before.weights, before.model));
}

#[test]
fn the_way_to_another_seed_ends_at_its_pair() {
    let dir = tempfile::tempdir().unwrap();
    let deviation = |name: &str, arguments: &[&str]| {
        let json = dir.path().join(name);
        let base = ["sample", "--weights", weights(), "--steps", "1", "--json", text(&json)];
        succeed(&[&base[..], arguments].concat());
        let verdict: serde_json::Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        (verdict["deviation"].clone(), verdict["fraction"].clone())
    };
    let (end, fraction) = deviation("end.json", &["--seed", "7", "--toward", "8", "--fraction", "1"]);
    let (other, none) = deviation("other.json", &["--seed", "8"]);
    assert_eq!(end, other);
    assert_eq!((fraction.as_f64(), none.is_null()), (Some(1.0), true));
}

#[test]
fn evaluation_reports_as_json_and_markdown() {
    let dir = tempfile::tempdir().unwrap();
    let (json, markdown) = (dir.path().join("a.json"), dir.path().join("a.md"));
    let (figure, paths) = (dir.path().join("unseen.png"), dir.path().join("paths.png"));
    let printed = succeed(&[
        "evaluate",
        "--weights",
        weights(),
        "--samples",
        "2",
        "--seed",
        "1000003",
        "--steps",
        "2",
        "--figure",
        text(&paths),
        "--json",
        text(&json),
        "--markdown",
        text(&markdown),
        "--unseen-figure",
        text(&figure),
    ]);
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!((report["samples"].as_u64(), report["seed"].as_u64()), (Some(2), Some(1_000_003)));
    assert!(report["families"]["FlatVel-B"]["deviation"]["median"].is_f64());
    assert!(report["families"]["FlatVel-B"]["fidelity"]["recognised_fraction"].is_f64());
    for key in ["classifier_accuracy", "recognised_fraction", "frechet", "frechet_held_out"] {
        assert!(report["fidelity"]["pairs"][key].is_f64(), "{key}");
    }
    assert!(report["fidelity"]["maps"]["manifold"]["coverage"].is_f64());
    for key in ["generated", "held_out", "reconstructed"] {
        assert!(report["overall"]["seams"][key].is_f64(), "{key}");
    }
    assert_eq!(report["unseen"].as_array().map(Vec::len), Some(2));
    assert!(report["unseen"][0]["inversion_misfit"].is_f64());
    assert_eq!(image::open(figure).unwrap().height(), 2 * (2 * 125 + 4) + 4);
    assert!(image::open(&paths).is_ok());
    assert_eq!(fs::read_to_string(markdown).unwrap(), printed);
    let refused = |more: &[&str]| complaint(&[&["evaluate", "--weights", weights()], more].concat());
    assert!(refused(&["--seed", "5"]).contains("held out"));
    assert!(refused(&["--figure", text(&paths), "--paths", "0"]).contains("`--paths` is 0"));
    assert!(refused(&["--json", text(&dir.path().join("none/a.json"))]).contains("there is no folder"));
}

#[test]
fn evaluation_on_true_pairs_takes_each_once_and_refuses_those_of_another_size() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("a.json");
    let data = workspace().join("data");
    let evaluate = ["evaluate", "--weights", weights(), "--steps", "1", "--json", text(&json), "--samples"];
    let printed = succeed(&[&evaluate[..], &["2", "--data", text(&data), "--refine", "1"]].concat());
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let refinement = &report["overall"]["refinement"];
    assert!(refinement["mae_mps"].is_f64() && refinement["misfit_median"].is_f64(), "{refinement}");
    assert!(printed.contains("| inversion MAE | refined |"), "{printed}");
    assert_eq!(report["families"].as_object().unwrap().keys().collect::<Vec<_>>(), ["Style-A"]);
    let refused = complaint(&[&evaluate[..], &["3", "--data", text(&data)]].concat());
    assert!(refused.contains("2 pairs of the families, fewer than the 3 samples"), "{refused}");

    let small = dir.path().join("Style-A");
    fs::create_dir(&small).unwrap();
    for (name, shape) in [("model1.npy", [1, 1, 70, 70]), ("data1.npy", [1, 5, 500, 70])] {
        fs::write(small.join(name), npy::to_bytes(&shape, &vec![2000.0; shape.iter().product()]).unwrap()).unwrap();
    }
    let refused = complaint(&[&evaluate[..], &["1", "--data", text(&small)]].concat());
    assert!(refused.contains("[5, 500, 70]") && refused.contains("[5, 1000, 70]"), "{refused}");
}

#[test]
fn an_evaluation_goes_on_from_what_it_has_kept() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept.jsonl");
    let evaluate =
        ["evaluate", "--weights", weights(), "--samples", "2", "--paths", "1", "--keep", text(&kept), "--steps"];
    let whole = succeed(&[&evaluate[..], &["1"]].concat());
    let lines = fs::read_to_string(&kept).unwrap();
    // As if it had been stopped in the middle of the second pair's line.
    fs::write(&kept, &lines[..lines.len() - 9]).unwrap();
    assert_eq!(succeed(&[&evaluate[..], &["1"]].concat()), whole);
    assert_eq!(fs::read_to_string(&kept).unwrap().lines().count(), 3);
    assert!(complaint(&[&evaluate[..], &["2"]].concat()).contains("of another evaluation"));
}

#[test]
fn an_export_without_samples_is_refused_and_leaves_the_weights_as_they_were() {
    let out = tempfile::tempdir().unwrap();
    let export = ["export", "--initial", weights(), "--out", text(out.path()), "--samples", "0"];
    assert!(complaint(&export).contains("0 samples"));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn half_precision_is_compared_with_the_weights_as_trained() {
    let manifest = fs::read_to_string(Path::new(weights()).join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let change = &manifest["metrics"]["half_precision"];
    assert_eq!(change["samples"].as_u64(), Some(2));
    // Half precision keeps three digits; codes and maps of these tiny networks may turn on the next.
    assert!(change["largest"].as_f64().is_some_and(|largest| largest > 0.0 && largest < 0.5), "{change}");
}

#[test]
fn ablations_measure_every_variant_and_way_of_encoding() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("a.json");
    let sweep = ["--samples", "2", "--steps", "1,2", "--guidance", "1"];
    let printed = succeed(&[&["ablate", "--weights", weights(), "--json", text(&json)], &sweep[..]].concat());
    let found: serde_json::Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let codings: Vec<&str> =
        found["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["coding"].as_str().unwrap()).collect();
    assert_eq!(codings, ["shared", "shared", "shared", "unquantised", "two-codebooks", "separate"]);
    assert!(found["outcomes"][0]["deviation_median"].is_f64());
    assert_eq!(found["encodings"].as_array().map(Vec::len), Some(6));
    let SamplerArgs { steps, guidance } = SamplerArgs::default();
    assert!(printed.contains(&format!("| a latent for each half | {steps} | {guidance} |")), "{printed}");
}

#[test]
fn a_classifier_is_trained_on_labelled_pairs_alone() {
    let dir = tempfile::tempdir().unwrap();
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let mut config: ClassifierConfig = read_config(&configs.join("classifier.toml")).unwrap();
    (config.run.steps, config.run.batch, config.held_out) = (2, 2, 1);
    let file = dir.path().join("classifier.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let (out, data) = (dir.path().join("run"), workspace().join("data"));
    let train = ["train", "classifier", "--config", text(&file), "--out", text(&out), "--data"];
    succeed(&[&train[..], &[text(&data)]].concat());
    assert!(read_weights(&fs::read(out.join("classifier.safetensors")).unwrap()).unwrap().len() > 10);
    let validation = fs::read_to_string(out.join("validation.csv")).unwrap();
    assert!(validation.contains("map_accuracy") && validation.contains("gather_accuracy"), "{validation}");

    let plain = dir.path().join("plain");
    fs::create_dir(&plain).unwrap();
    for name in ["model1.npy", "data1.npy"] {
        fs::copy(data.join("Style-A").join(name), plain.join(name)).unwrap();
    }
    assert!(complaint(&[&train[..], &[text(&plain)]].concat()).contains("names no family"));
}

#[test]
fn gathers_are_inverted_to_as_many_maps_as_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (out, seismic) = (dir.path().join("v.npy"), workspace().join("data/Style-A/data1.npy"));
    let base = ["invert", "--weights", weights(), "--seismic", text(&seismic), "--out", text(&out), "--steps", "2"];
    succeed(&base);
    assert_eq!(NpyArray::read(&out).unwrap().shape(), [2, 1, 70, 70]);
    succeed(&[&base[..], &["--samples", "3"]].concat());
    let maps = NpyArray::read(&out).unwrap();
    assert_eq!(maps.shape(), [2, 3, 70, 70]);
    assert!(maps.values().iter().all(|v| (1500.0..=4500.0).contains(v)));
}

#[test]
fn a_refined_inversion_is_one_map_that_the_encoder_did_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let (out, seismic) = (dir.path().join("v.npy"), workspace().join("data/Style-A/data1.npy"));
    let base = ["invert", "--weights", weights(), "--seismic", text(&seismic), "--out", text(&out), "--steps", "2"];
    succeed(&base);
    let encoded = NpyArray::read(&out).unwrap();
    succeed(&[&base[..], &["--refine", "1"]].concat());
    let refined = NpyArray::read(&out).unwrap();
    assert_eq!(refined.shape(), [2, 1, 70, 70]);
    assert_ne!(refined.values(), encoded.values());
    let refused = complaint(&[&base[..], &["--refine", "101"]].concat());
    assert!(refused.contains("101 rounds of refinement; an inversion makes 0 to 100"), "{refused}");
}

#[test]
fn training_can_start_from_exported_weights_and_moves_them() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let (config, data) = (workspace().join("first.toml"), workspace().join("data"));
    let run = ["--out", text(&out), "--data", text(&data), "--initial", weights()];
    succeed(&[&["train", "autoencoder", "--config", text(&config)], &run[..]].concat());
    let again = dir.path().join("weights");
    let denoiser = workspace().join("second");
    let export =
        ["export", "--autoencoder", text(&out), "--denoiser", text(&denoiser), "--samples", "1", "--steps", "1"];
    succeed(&[&export[..], &["--out", text(&again)]].concat());
    let [before, after] = [Path::new(weights()), &again].map(|dir| exported(dir).1);
    for part in ["velocity_decoder", "seismic_decoder", "seismic_encoder"] {
        let name = format!("autoencoder.{part}.transformer.output.weight");
        let [before, after] = [&before, &after].map(|tensors| &tensors[&name].values);
        let moved: f32 = before.iter().zip(after).map(|(a, b)| (a - b).abs()).sum::<f32>() / before.len() as f32;
        assert!(moved > 1e-5 && moved < 0.05, "{part}: {moved}");
    }
}

#[test]
fn what_was_trained_is_averaged_with_earlier_weights_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (run, out) = (dir.path().join("run"), dir.path().join("weights"));
    let (config, data) = (workspace().join("first.toml"), workspace().join("data"));
    let train = ["train", "autoencoder", "--only", "seismic-encoder", "--config", text(&config), "--data", text(&data)];
    succeed(&[&train[..], &["--initial", weights(), "--out", text(&run)]].concat());
    let export = ["export", "--initial", weights(), "--autoencoder", text(&run), "--samples", "1", "--steps", "1"];
    let average = ["--average", weights(), "--network", "seismic-encoder", "--out", text(&out)];
    let average = [&export[..], &average].concat();
    succeed(&[&average[..], &["--share", "1"]].concat());

    let ((earlier, before), (mean, after)) = (exported(Path::new(weights())), exported(&out));
    assert_eq!(before, after, "a share of 1 is the earlier weights");
    let averaged = mean.provenance.seismic_encoder.averaged.unwrap();
    assert_eq!((averaged.sha256, averaged.share), (earlier.weights.sha256, 1.0));
    assert!(mean.provenance.seismic_decoder.averaged.is_none());

    assert!(complaint(&[&average[..], &["--share", "2"]].concat()).contains("a share is a number from 0 to 1"));
    assert!(complaint(&average).contains("required arguments were not provided"));
    let large = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/public/weights");
    let sizes = complaint(&[&export[..], &["--average", large, "--share", "0.5", "--out", text(&out)]].concat());
    assert!(sizes.contains("holds a model of other sizes"), "{sizes}");
}

#[test]
fn what_was_not_trained_again_is_exported_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&dir.path().join(name)).to_owned();
    let (first, second, data) =
        (workspace().join("first.toml"), workspace().join("second.toml"), workspace().join("data"));
    let (sharper, decoder, denoiser) = (at("sharper"), at("decoder"), at("denoiser"));
    for (part, out) in [("velocity-decoder", &sharper), ("seismic-decoder", &decoder)] {
        let train = ["train", "autoencoder", "--only", part, "--config", text(&first), "--data", text(&data)];
        succeed(&[&train[..], &["--initial", weights(), "--out", out]].concat());
    }
    let train = ["train", "diffusion", "--config", text(&second), "--initial", weights(), "--out", &denoiser];
    succeed(&train);

    let read = |directory: &str| {
        let (manifest, tensors) = exported(Path::new(directory));
        (manifest.provenance, tensors)
    };
    let (before, old) = read(weights());
    for (run, trained) in [
        (["--autoencoder", &sharper], "velocity_decoder"),
        (["--autoencoder", &decoder], "seismic_decoder"),
        (["--denoiser", &denoiser], "denoiser"),
    ] {
        let out = at(trained);
        let export = ["export", "--initial", weights(), "--out", &out, "--samples", "1", "--steps", "1"];
        succeed(&[&export[..], &run].concat());
        let (after, new) = read(&out);
        let moved: Vec<_> = old.keys().filter(|&name| old[name].values != new[name].values).collect();
        assert!(!moved.is_empty() && moved.iter().all(|name| name.contains(trained)), "{trained}: {moved:?}");
        assert_eq!((after.velocity, after.seismic_encoder), (before.velocity.clone(), before.seismic_encoder.clone()));
    }
    assert!(complaint(&["export", "--denoiser", &denoiser]).contains("required"));
    fs::remove_dir_all(Path::new(&denoiser).join("checkpoint")).unwrap();
    let refused = complaint(&["export", "--initial", weights(), "--denoiser", &denoiser, "--out", &at("none")]);
    assert!(refused.contains("holds no checkpoint") && !dir.path().join("none").exists(), "{refused}");
}

#[test]
fn one_part_can_be_trained_alone_and_needs_the_velocity_half() {
    let dir = tempfile::tempdir().unwrap();
    let (config, data) = (workspace().join("first.toml"), workspace().join("data"));
    let run = ["--config", text(&config), "--data", text(&data), "--out", text(dir.path()), "--only"];
    let train = |part| [&["train", "autoencoder"], &run[..], &[part]].concat();
    assert!(complaint(&train("seismic-encoder")).contains("holds no checkpoint"));
    succeed(&train("velocity"));
    succeed(&train("seismic-encoder"));
    assert!(dir.path().join("seismic-encoder/checkpoint").exists());
    assert!(!dir.path().join("seismic-decoder").exists());

    let mut config: AutoencoderConfig = read_config(&config).unwrap();
    config.velocity.run.steps = 5;
    let file = dir.path().join("longer.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let run = ["--config", text(&file), "--data", text(&data), "--out", text(dir.path())];
    let refused = complaint(&[&["train", "autoencoder", "--only", "seismic-encoder"], &run[..]].concat());
    assert!(refused.contains("at step 3 of 5"), "{refused}");

    config.velocity.run.steps = 3;
    config.velocity_decoder = None;
    let file = dir.path().join("without.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let run = ["--config", text(&file), "--data", text(&data), "--out", text(dir.path())];
    let refused = complaint(&[&["train", "autoencoder", "--only", "velocity-decoder"], &run[..]].concat());
    assert!(refused.contains("no section `velocity_decoder`"), "{refused}");
}

#[test]
fn a_seismic_decoder_with_a_codebook_of_its_own_is_trained_but_not_exported() {
    let dir = tempfile::tempdir().unwrap();
    let mut config: AutoencoderConfig = read_config(&workspace().join("first.toml")).unwrap();
    config.seismic_decoder.codebook = SeismicCodebook::Own;
    let (file, run, out) = (dir.path().join("own.toml"), dir.path().join("run"), dir.path().join("out"));
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let train = ["train", "autoencoder", "--only", "seismic-decoder", "--config", text(&file), "--out", text(&run)];
    succeed(&[&train[..], &["--initial", weights(), "--data", text(&workspace().join("data"))]].concat());
    assert!(run.join("seismic-decoder/checkpoint").exists());
    let refused = complaint(&["export", "--initial", weights(), "--autoencoder", text(&run), "--out", text(&out)]);
    assert!(refused.contains("codebook of its own") && !out.exists(), "{refused}");
}

#[test]
fn bad_input_gets_one_sentence_and_leaves_no_output() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("v.npy");
    let velocity = workspace().join("data/Style-A/model1.npy");
    let invert = ["invert", "--weights", weights(), "--out", text(&out), "--seismic"];
    let refused = complaint(&[&invert[..], &[text(&velocity)]].concat());
    assert!(refused.contains("shape") && !out.exists(), "{refused}");

    let copy = dir.path().join("weights");
    fs::create_dir(&copy).unwrap();
    for name in ["manifest.json", "weights.safetensors"] {
        fs::copy(Path::new(weights()).join(name), copy.join(name)).unwrap();
    }
    let file = copy.join("weights.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    let sample = ["sample", "--weights", text(&copy)];
    assert!(complaint(&sample).contains("SHA-256"));
    fs::write(&file, &bytes[..100]).unwrap();
    assert!(complaint(&sample).contains("truncated"));
    fs::remove_file(&file).unwrap();
    assert!(complaint(&sample).contains("weights.safetensors"));

    assert!(complaint(&["sample", "--weights", weights(), "--family", "FlatVel-C"]).contains("unknown family"));
    assert!(complaint(&["sample", "--weights", weights(), "--steps", "0"]).contains("0 steps"));
    assert!(complaint(&["sample", "--toward", "2", "--fraction", "1.5"]).contains("between 0 and 1"));
    let nowhere = dir.path().join("nowhere");
    let config = workspace().join("first.toml");
    let train =
        ["train", "autoencoder", "--config", text(&config), "--out", text(&nowhere), "--data", text(dir.path())];
    assert!(complaint(&train).contains("no pairs"));
}
