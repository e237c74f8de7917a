//! The simulator against theory, as Deepwave, Devito and simwave test themselves: each check measures one figure and says
//! what is accepted.

mod adjoint;
mod convergence;
mod green;
mod precision;
mod sponge;
mod stability;
mod symmetry;

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use anyhow::Result;
use serde::Serialize;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig, ricker_at};
use wavediffusion::velocity_map::VelocityMap;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was measured.
    pub what: String,
    /// The figure.
    pub measured: f64,
    /// Smallest and largest figure that is right.
    pub accepted: [f64; 2],
}

impl Check {
    fn new(what: impl Into<String>, measured: f64, accepted: RangeInclusive<f64>) -> Self {
        Self { what: what.into(), measured, accepted: [*accepted.start(), *accepted.end()] }
    }

    fn at_most(what: impl Into<String>, measured: f64, most: f64) -> Self {
        Self::new(what, measured, 0.0..=most)
    }

    /// Whether the figure is right.
    pub fn passes(&self) -> bool {
        (self.accepted[0]..=self.accepted[1]).contains(&self.measured)
    }
}

/// What a group of checks is called, and the checks.
type Group = (&'static str, fn() -> Result<Vec<Check>>);

/// Every group of checks.
pub const GROUPS: [Group; 7] = [
    ("the Green's function of a constant medium", green::checks),
    ("convergence", convergence::checks),
    ("symmetries", symmetry::checks),
    ("stability", stability::checks),
    ("the sponge", sponge::checks),
    ("the adjoint", adjoint::checks),
    ("f32 against f64", precision::checks),
];

/// A table of checks.
pub fn markdown(checks: &[Check]) -> String {
    let mut table = String::from("| check | measured | accepted | |\n|---|---|---|---|\n");
    for check in checks {
        let [low, high] = check.accepted;
        let accepted = if low == 0.0 { format!("<= {high:.2e}") } else { format!("{low} to {high}") };
        let measured = if low == 0.0 { format!("{:.2e}", check.measured) } else { format!("{:.3}", check.measured) };
        let verdict = if check.passes() { "ok" } else { "WRONG" };
        let _ = writeln!(table, "| {} | {measured} | {accepted} | {verdict} |", check.what);
    }
    table
}

/// A survey on a grid of its own.
fn survey(
    spacing: f64,
    dt: f64,
    signature: Vec<f64>,
    samples: usize,
    source: Cell,
    receivers: Vec<Cell>,
) -> Result<Survey> {
    let config = SurveyConfig {
        spacing,
        dt,
        samples,
        signature: Signature::Samples(signature),
        sources: vec![source],
        receivers,
        sponge: SPONGE,
        free_surface: false,
    };
    Ok(Survey::new(config)?)
}

/// Width of the sponge, in cells, where it is not what is measured.
const SPONGE: usize = 40;

/// Samples of a Ricker wavelet whose peak is at `peak` seconds.
fn ricker(f0: f64, peak: f64, dt: f64) -> Vec<f64> {
    (0..(2.0 * peak / dt).round() as usize).map(|n| ricker_at(f0, n as f64 * dt - peak)).collect()
}

fn constant(nz: usize, nx: usize, velocity: f64) -> Result<VelocityMap> {
    Ok(VelocityMap::new(nz, nx, vec![velocity as f32; nz * nx])?)
}

/// Trace of a receiver in the gather of the first shot.
fn trace(gathers: &Gathers<f64>, receiver: usize) -> impl Iterator<Item = f64> {
    gathers.shot(0).iter().skip(receiver).step_by(gathers.receivers()).copied()
}

/// Relative L2 error.
fn relative_error(found: impl IntoIterator<Item = f64>, expected: impl IntoIterator<Item = f64>) -> f64 {
    let (mut error, mut energy) = (0.0, 0.0);
    for (found, expected) in found.into_iter().zip(expected) {
        error += (found - expected).powi(2);
        energy += expected.powi(2);
    }
    (error / energy).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_is_right() {
        let checks = GROUPS.iter().flat_map(|(_, checks)| checks().unwrap());
        let wrong: Vec<_> = checks.filter(|check| !check.passes()).collect();
        assert!(wrong.is_empty(), "{}", markdown(&wrong));
    }

    #[test]
    fn a_figure_out_of_bounds_is_called_wrong() {
        let wrong = Check::at_most("an error", 0.2, 0.1);
        assert!(!wrong.passes() && markdown(&[wrong]).contains("WRONG"));
        assert!(!Check::at_most("no number", f64::NAN, 0.1).passes());
    }
}
