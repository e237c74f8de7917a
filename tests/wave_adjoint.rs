//! The solver's derivative and its transpose: against each other, and against differences of the solver.

use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::{Medium, Real};

/// f64 rounding over the time steps of both runs.
const F64_ROUNDING: f64 = 1e-6;
/// The same in f32.
const F32_ROUNDING: f64 = 1e-3;

const ROWS: usize = 16;
const COLUMNS: usize = 25;

/// Two shots whose waves pass the sponge.
fn survey(free_surface: bool) -> Survey {
    Survey::new(SurveyConfig {
        spacing: 15.0,
        dt: 2e-3,
        samples: 250,
        signature: Signature::Ricker { peak_frequency: 12.0 },
        sources: vec![Cell { z: 1, x: 3 }, Cell { z: 12, x: 20 }],
        receivers: vec![Cell { z: 1, x: 3 }, Cell { z: 2, x: 12 }, Cell { z: 15, x: 24 }],
        sponge: 20,
        free_surface,
    })
    .unwrap()
}

fn map(scale: f64) -> VelocityMap {
    let speed = |i: usize| {
        let (z, x) = (i / COLUMNS, i % COLUMNS);
        1800.0 + 40.0 * z as f64 + 200.0 * (x as f64 / 5.0).sin().abs() + scale * change(i)
    };
    VelocityMap::new(ROWS, COLUMNS, (0..ROWS * COLUMNS).map(|i| speed(i) as f32).collect()).unwrap()
}

/// A change in m/s that touches sources, receivers, the edge that the sponge copies and the slowest cell, the first, which
/// stays the slowest, in halves that f32 holds exactly.
fn change(i: usize) -> f64 {
    let (z, x) = (i / COLUMNS, i % COLUMNS);
    if i == 0 { -3.5 } else { ((z * 7 + x * 5) % 11) as f64 / 2.0 }
}

fn inner(a: impl IntoIterator<Item = f64>, b: impl IntoIterator<Item = f64>) -> f64 {
    a.into_iter().zip(b).map(|(a, b)| a * b).sum()
}

fn relative(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs())
}

/// <J change, residuals> against <change, J^T residuals>.
fn dot_product_error<T: Real + Into<f64>>(free_surface: bool) -> f64 {
    let survey = survey(free_surface);
    let medium = Medium::<T>::new(&survey, &map(0.0)).unwrap();
    let change: Vec<T> = (0..ROWS * COLUMNS).map(|i| T::from_f64(change(i))).collect();
    let residuals = (0..2 * 250 * 3).map(|i| T::from_f64(((i * 37) % 101) as f64 / 50.0 - 1.0)).collect();
    let residuals = Gathers::new(2, 250, 3, residuals).unwrap();
    let values = |values: &[T]| values.iter().map(|&v| v.into()).collect::<Vec<f64>>();
    let forth = inner(values(medium.born(&change).values()), values(residuals.values()));
    let back = inner(values(&change), values(&medium.adjoint(&residuals)));
    relative(forth, back)
}

#[test]
fn the_adjoint_is_the_transpose_of_the_born_approximation() {
    for free_surface in [false, true] {
        let error = dot_product_error::<f64>(free_surface);
        assert!(error <= F64_ROUNDING, "f64: {error:.1e}");
        let error = dot_product_error::<f32>(free_surface);
        assert!(error <= F32_ROUNDING, "f32: {error:.1e}");
    }
}

#[test]
fn the_misfit_follows_its_gradient_to_second_order() {
    let survey = survey(false);
    let medium = |scale: f64| Medium::<f64>::new(&survey, &map(scale)).unwrap();
    let observed = medium(40.0).simulate();
    let start = medium(0.0).misfit(&observed);
    let slope = inner((0..ROWS * COLUMNS).map(change), start.gradient.iter().copied());
    let remainder = |scale: f64| (medium(scale).misfit(&observed).value - start.value - scale * slope).abs();
    // Scales whose changes f32 velocities hold exactly enough: the map is f32.
    let (coarse, fine) = (remainder(8.0), remainder(4.0));
    let order = (coarse / fine).log2();
    assert!((order - 2.0).abs() < 0.1, "order {order:.3}");
}

#[test]
fn the_misfit_of_a_maps_own_gathers_is_zero_and_flat() {
    let survey = survey(false);
    let medium = Medium::<f64>::new(&survey, &map(0.0)).unwrap();
    let misfit = medium.misfit(&medium.simulate());
    assert_eq!(misfit.value, 0.0);
    assert!(misfit.gradient.iter().all(|&g| g == 0.0));
}

#[test]
fn every_eighth_millisecond_gives_the_gradient_of_all() {
    let survey = Survey::new(SurveyConfig { samples: 400, ..Survey::openfwi().config().clone() }).unwrap();
    let layers =
        |deep: f32| VelocityMap::new(70, 70, (0..4900).map(|i| if i < 1400 { 2000.0 } else { deep }).collect());
    let medium = |deep: f32| Medium::<f32>::new(&survey, &layers(deep).unwrap()).unwrap();
    let observed = medium(3000.0).simulate();
    let residuals = |shot: usize, recorded: &[f32]| -> Vec<f32> {
        recorded.iter().zip(observed.shot(shot)).map(|(recorded, observed)| recorded - observed).collect()
    };
    let gradient = |stride| medium(2800.0).differentiate(stride, residuals).1;
    let (every, eighth) = (gradient(1), gradient(8));
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>();
    let apart = square(&mut every.iter().zip(&eighth).map(|(a, b)| a - b));
    let error = (apart / square(&mut every.iter().copied())).sqrt();
    assert!(error < 1e-3, "relative L2 {error:.1e}");
}
