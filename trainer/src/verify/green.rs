//! A point source in a constant medium, before the sponge is felt, against the two-dimensional Green's function.

use std::f64::consts::PI;

use anyhow::Result;
use wavediffusion::survey::{Cell, ricker_at};
use wavediffusion::wave::Medium;

use super::{Check, constant, relative_error, ricker, survey, trace};

const VELOCITY: f64 = 2500.0;
const FREQUENCY: f64 = 15.0;
const PEAK: f64 = 0.08;

/// Pressure at `distance` metres from a point source of Ricker signature, `time` seconds after its start.
///
/// The field of `u_tt / v^2 - laplacian u = dx^2 s(t) delta` is `dx^2 / (2 pi)` times the integral of
/// `s(t - tau) / sqrt(tau^2 - (r / v)^2)` over `tau > r / v` (Aki and Richards 2002, problem 4.7), which
/// `tau = (r / v) cosh theta` makes smooth.
pub(super) fn pressure(frequency: f64, peak: f64, velocity: f64, spacing: f64, distance: f64, time: f64) -> f64 {
    const PARTS: usize = 2000;
    let delay = distance / velocity;
    if time <= delay {
        return 0.0;
    }
    let end = (time / delay).acosh();
    let at = |i: usize| {
        let weight = if i == 0 || i == PARTS { 0.5 } else { 1.0 };
        weight * ricker_at(frequency, time - delay * (end * i as f64 / PARTS as f64).cosh() - peak)
    };
    let integral = (0..=PARTS).map(at).sum::<f64>() * end / PARTS as f64;
    spacing * spacing / (2.0 * PI) * integral
}

/// OpenFWI's grid and time step: the error is the scheme's dispersion and grows with distance.
pub(super) fn checks() -> Result<Vec<Check>> {
    let (cells, spacing, dt, samples) = (201, 10.0, 1e-3, 480);
    let distances = [10usize, 20, 40, 60];
    let centre = cells / 2;
    let receivers = distances.iter().map(|d| Cell { z: centre, x: centre + d }).collect();
    let source = Cell { z: centre, x: centre };
    let survey = survey(spacing, dt, ricker(FREQUENCY, PEAK, dt), samples, source, receivers)?;
    let gathers = Medium::<f64>::new(&survey, &constant(cells, cells, VELOCITY)?)?.simulate();
    let check = |(receiver, &cells): (usize, &usize)| {
        let distance = cells as f64 * spacing;
        // Sample n is what the scheme makes of the source until n dt, one step later.
        let expected =
            (0..samples).map(|n| pressure(FREQUENCY, PEAK, VELOCITY, spacing, distance, (n + 1) as f64 * dt));
        let error = relative_error(trace(&gathers, receiver), expected);
        let what = format!("Green's function at {distance} m, 15 Hz, 2500 m/s, 10 m, 1 ms: relative L2 error");
        Check::at_most(what, error, 2e-3 + 1e-5 * distance)
    };
    Ok(distances.iter().enumerate().map(check).collect())
}
