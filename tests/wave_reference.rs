//! The CPU solver against OpenFWI's forward model, and against itself.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use npyz::NpyFile;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig, SurveyError};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::{Medium, Real, simulate};

/// f64 against the reference, whose files are rounded to f32.
const REFERENCE_ROUNDING: f64 = 1e-6;
/// f32 against f64 over 1000 time steps.
const F32_ROUNDING: f64 = 1e-4;
/// What comes back from the sponges, which lie elsewhere around a mirrored map.
const SPONGE_ECHO: f64 = 1e-3;
/// f64 rounding, accumulated over the time steps.
const F64_ROUNDING: f64 = 1e-12;
/// What is lost with a field that is followed only as long as the receivers hear it.
const UNHEARD_F32: f64 = 1e-7;
const UNHEARD_F64: f64 = 1e-14;
/// Cells of a map of OpenFWI's.
const CELLS: usize = 70 * 70;
/// Samples and receivers that the families' reference keeps, see `reference/families.py`; a thousand samples are a
/// multiple of the first, so that it is kept in every shot.
const EVERY_SAMPLE: usize = 20;
const EVERY_RECEIVER: usize = 7;

fn read(name: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    NpyFile::new(BufReader::new(File::open(path).unwrap())).unwrap().into_vec().unwrap()
}

fn reference(name: &str) -> (VelocityMap, Vec<f64>) {
    let velocity = VelocityMap::new(70, 70, read(&format!("{name}_velocity.npy"))).unwrap();
    (velocity, read(&format!("{name}_gathers.npy")).into_iter().map(f64::from).collect())
}

fn gathers<T: Real + Into<f64>>(survey: &Survey, velocity: &VelocityMap) -> Gathers<f64> {
    let gathers = Medium::<T>::new(survey, velocity).unwrap().simulate();
    let [shots, samples, receivers] = gathers.shape();
    Gathers::new(shots, samples, receivers, gathers.into_values().into_iter().map(Into::into).collect()).unwrap()
}

fn relative_error(values: &[f64], reference: &[f64]) -> f64 {
    assert_eq!(values.len(), reference.len());
    let square = |sum: f64, x: f64| sum + x * x;
    let error = values.iter().zip(reference).map(|(a, b)| a - b).fold(0.0, square);
    (error / reference.iter().copied().fold(0.0, square)).sqrt()
}

/// A coarser, wider survey than OpenFWI's over a map with a slow lens in it.
fn other_survey() -> (SurveyConfig, VelocityMap) {
    let (nz, nx) = (24, 41);
    let config = SurveyConfig {
        spacing: 15.0,
        dt: 2e-3,
        samples: 300,
        signature: Signature::Ricker { peak_frequency: 9.0 },
        sources: vec![Cell { z: 3, x: 5 }, Cell { z: 20, x: 33 }],
        receivers: vec![Cell { z: 20, x: 33 }, Cell { z: 0, x: 0 }, Cell { z: 3, x: 5 }],
        sponge: 30,
        free_surface: false,
    };
    let speed = |i: usize| {
        let (z, x) = ((i / nx) as f32 - 12.0, (i % nx) as f32 - 20.0);
        if z * z + x * x < 50.0 { 1600.0 } else { 2400.0 + 30.0 * z }
    };
    (config, VelocityMap::new(nz, nx, (0..nz * nx).map(speed).collect()).unwrap())
}

#[track_caller]
fn check_reference(name: &str) {
    let (velocity, expected) = reference(name);
    let double = gathers::<f64>(&Survey::openfwi(), &velocity);
    let error = relative_error(double.values(), &expected);
    assert!(error <= REFERENCE_ROUNDING, "f64 against the reference: {error:.2e}");
    let single = gathers::<f32>(&Survey::openfwi(), &velocity);
    let error = relative_error(single.values(), double.values());
    assert!(error <= F32_ROUNDING, "f32 against f64: {error:.2e}");
}

#[test]
fn constant_velocity_follows_openfwi() {
    check_reference("constant");
}

#[test]
fn curved_layers_follow_openfwi() {
    check_reference("curved");
}

#[test]
fn faulted_layers_follow_openfwi() {
    check_reference("faulted");
}

#[test]
fn a_random_map_of_every_family_follows_openfwi() {
    let (maps, expected) = (read("families_velocity.npy"), read("families_gathers.npy"));
    let thinned = expected.len() / (maps.len() / CELLS);
    for (map, expected) in maps.chunks_exact(CELLS).zip(expected.chunks_exact(thinned)) {
        let velocity = VelocityMap::new(70, 70, map.to_vec()).unwrap();
        let gathers = gathers::<f64>(&Survey::openfwi(), &velocity);
        let traces = gathers.values().chunks_exact(70).step_by(EVERY_SAMPLE);
        let found: Vec<f64> = traces.flat_map(|traces| traces.iter().copied().step_by(EVERY_RECEIVER)).collect();
        let expected: Vec<f64> = expected.iter().map(|&u| f64::from(u)).collect();
        let error = relative_error(&found, &expected);
        assert!(error <= REFERENCE_ROUNDING, "{error:.2e}");
    }
}

#[test]
fn reciprocity_holds_between_swapped_source_and_receiver() {
    let (mut config, velocity) = other_survey();
    let forth = gathers::<f64>(&Survey::new(config.clone()).unwrap(), &velocity);
    config.sources.reverse();
    config.receivers.reverse();
    let back = gathers::<f64>(&Survey::new(config).unwrap(), &velocity);
    let trace = |g: &Gathers<f64>, shot: usize, receiver: usize| -> Vec<f64> {
        g.shot(shot).iter().skip(receiver).step_by(3).copied().collect()
    };
    assert_eq!(trace(&forth, 0, 0), trace(&back, 1, 2), "order of shots and receivers");
    // Sources at different velocities need no factor: (v dt)^2 s is what makes the wave operator symmetric.
    let error = relative_error(&trace(&forth, 0, 0), &trace(&forth, 1, 2));
    assert!(error <= F64_ROUNDING, "{error:.2e}");
}

#[test]
fn a_free_surface_is_a_mirror_with_a_negative_image() {
    let (nz, nx) = (20, 30);
    let (config, _) = other_survey();
    let source = Cell { z: 6, x: 9 };
    let config = SurveyConfig {
        sources: vec![source],
        receivers: (1..nz).map(|z| Cell { z, x: 17 }).collect(),
        sponge: 40,
        ..config
    };
    let constant = |nz: usize| VelocityMap::new(nz, nx, vec![2000.0; nz * nx]).unwrap();
    let free = SurveyConfig { free_surface: true, ..config.clone() };
    let free = gathers::<f64>(&Survey::new(free).unwrap(), &constant(nz));
    // The same ground continued above the surface, with a source at the mirrored place.
    let rows = 2 * nz - 1;
    let below = |z: usize| z + nz - 1;
    let mirrored = |source: Cell| SurveyConfig {
        sources: vec![source],
        receivers: (1..nz).map(|z| Cell { z: below(z), x: 17 }).collect(),
        ..config.clone()
    };
    let real = gathers::<f64>(&Survey::new(mirrored(Cell { z: below(source.z), ..source })).unwrap(), &constant(rows));
    let image =
        gathers::<f64>(&Survey::new(mirrored(Cell { z: nz - 1 - source.z, ..source })).unwrap(), &constant(rows));
    let expected: Vec<f64> = real.values().iter().zip(image.values()).map(|(real, image)| real - image).collect();
    let error = relative_error(free.values(), &expected);
    assert!(error <= SPONGE_ECHO, "{error:.2e}");
}

#[test]
fn other_grids_spacings_and_shots_run_in_f32_as_in_f64() {
    let (config, velocity) = other_survey();
    let survey = Survey::new(config).unwrap();
    let double = gathers::<f64>(&survey, &velocity);
    assert_eq!(double.shape(), [2, 300, 3]);
    let error = relative_error(gathers::<f32>(&survey, &velocity).values(), double.values());
    assert!(error <= F32_ROUNDING, "{error:.2e}");
}

/// What a field leaves in the receivers that is followed everywhere until the end.
fn followed_everywhere<T: Real>(medium: &Medium<T>) -> Vec<f64> {
    let mut recorded = vec![T::zero(); medium.shots() * medium.samples() * medium.receivers()];
    for (shot, gather) in recorded.chunks_exact_mut(medium.samples() * medium.receivers()).enumerate() {
        let mut field = medium.shot(shot).unwrap();
        for traces in gather.chunks_exact_mut(medium.receivers()) {
            field.step();
            field.record(traces);
        }
    }
    recorded.into_iter().map(Real::to_f64_lossless).collect()
}

#[track_caller]
fn check_unheard<T: Real + Into<f64>>(survey: &Survey, velocity: &VelocityMap, rounding: f64) {
    let everywhere = followed_everywhere(&Medium::<T>::new(survey, velocity).unwrap());
    let error = relative_error(gathers::<T>(survey, velocity).values(), &everywhere);
    assert!(error <= rounding, "{error:.2e}");
}

#[test]
fn what_no_receiver_can_hear_any_more_leaves_no_trace_when_it_is_not_followed() {
    let (config, lens) = other_survey();
    let (faulted, _) = reference("faulted");
    let shallow = SurveyConfig { sponge: 12, receivers: vec![Cell { z: 3, x: 5 }], ..config.clone() };
    let free = SurveyConfig { free_surface: true, receivers: vec![Cell { z: 2, x: 40 }], ..config.clone() };
    let short = SurveyConfig { samples: 120, ..config.clone() };
    for (config, velocity) in [
        (Survey::openfwi().config().clone(), &faulted),
        (config, &lens),
        (shallow, &lens),
        (free, &lens),
        (short, &lens),
    ] {
        let survey = Survey::new(config).unwrap();
        check_unheard::<f32>(&survey, velocity, UNHEARD_F32);
        check_unheard::<f64>(&survey, velocity, UNHEARD_F64);
    }
}

#[test]
fn a_single_cell_in_a_narrow_sponge_runs() {
    let (mut config, _) = other_survey();
    config.sources = vec![Cell { z: 0, x: 0 }];
    config.receivers = vec![Cell { z: 0, x: 0 }];
    config.sponge = 12;
    let gathers = simulate(&Survey::new(config).unwrap(), &VelocityMap::new(1, 1, vec![2000.0]).unwrap()).unwrap();
    assert!(gathers.values().iter().all(|u| u.is_finite()));
    assert!(gathers.values()[0] != 0.0);
}

#[test]
fn the_wavefield_agrees_with_what_the_receivers_record() {
    let (config, velocity) = other_survey();
    let medium = Medium::<f32>::new(&Survey::new(config).unwrap(), &velocity).unwrap();
    let wavefield = medium.wavefield(1, 10).unwrap();
    assert_eq!((wavefield.frames, wavefield.nz, wavefield.nx), (30, 24, 41));
    let frames = wavefield.values.chunks_exact(24 * 41).map(|frame| frame[3 * 41 + 5]);
    let gathers = medium.simulate();
    let recorded = gathers.shot(1).chunks_exact(3).map(|traces| traces[2]).skip(9).step_by(10);
    assert!(frames.eq(recorded));
    assert!(medium.wavefield(2, 10).is_none());
}

#[test]
fn a_map_beyond_the_cfl_limit_is_refused_before_any_step() {
    let constant = |v: f32| VelocityMap::new(70, 70, vec![v; 4900]).unwrap();
    assert!(matches!(simulate(&Survey::openfwi(), &constant(6000.0)), Err(SurveyError::Unstable { .. })));
    let fastest = simulate(&Survey::openfwi(), &constant(5900.0)).unwrap();
    assert!(fastest.values().iter().all(|u| u.abs() < 1e3));
}

#[test]
fn a_sponge_too_strong_for_the_time_step_is_refused_before_any_step() {
    let (mut config, velocity) = other_survey();
    config.sponge = 2;
    assert!(matches!(simulate(&Survey::new(config).unwrap(), &velocity), Err(SurveyError::Unstable { .. })));
}
