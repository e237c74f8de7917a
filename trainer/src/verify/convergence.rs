//! How fast errors fall with the grid and the time step.

use std::f64::consts::PI;

use anyhow::Result;
use wavediffusion::survey::Cell;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::Medium;

use super::{Check, constant, green, relative_error, ricker, survey, trace};

const VELOCITY: f64 = 2000.0;
const FREQUENCY: f64 = 8.0;
const PEAK: f64 = 0.144;

pub(super) fn checks() -> Result<Vec<Check>> {
    let order = |coarse: f64, fine: f64| (coarse / fine).log2();
    let space = order(point_source_error(20.0, 2e-3)?, point_source_error(10.0, 0.5e-3)?);
    let [coarse, fine] = time_errors()?;
    let manufactured = order(manufactured_error(16)?, manufactured_error(32)?);
    Ok(vec![
        Check::new("order of a point source's error in dx, dt as dx^2 (in theory 4)", space, 3.7..=4.3),
        Check::new("order of a point source's error in dt (in theory 2)", order(coarse, fine), 1.9..=2.1),
        Check::new("order of a manufactured solution's error in dx, dt as dx^2 (in theory 4)", manufactured, 3.7..=4.3),
    ])
}

/// Error at 400 m from a point source, on a grid that the wave has not yet left.
fn point_source_error(spacing: f64, dt: f64) -> Result<f64> {
    let (distance, half, duration) = (400.0, 900.0, 0.5);
    let centre = (half / spacing).round() as usize;
    let receiver = Cell { z: centre, x: centre + (distance / spacing).round() as usize };
    let samples = (duration / dt).round() as usize;
    let source = Cell { z: centre, x: centre };
    let survey = survey(spacing, dt, ricker(FREQUENCY, PEAK, dt), samples, source, vec![receiver])?;
    let cells = 2 * centre + 1;
    let gathers = Medium::<f64>::new(&survey, &constant(cells, cells, VELOCITY)?)?.simulate();
    let expected =
        (0..samples).map(|n| green::pressure(FREQUENCY, PEAK, VELOCITY, spacing, distance, (n + 1) as f64 * dt));
    Ok(relative_error(trace(&gathers, 0), expected))
}

/// Errors of two time steps, one half of the other, on one grid: against a sixteenth of the smaller.
fn time_errors() -> Result<[f64; 2]> {
    let (spacing, coarsest, duration) = (20.0, 2e-3, 0.4);
    let run = |parts: usize| -> Result<Vec<f64>> {
        let dt = coarsest / parts as f64;
        let samples = (duration / dt).round() as usize;
        let (source, receiver) = (Cell { z: 40, x: 40 }, Cell { z: 40, x: 55 });
        let survey = survey(spacing, dt, ricker(FREQUENCY, PEAK, dt), samples, source, vec![receiver])?;
        let gathers = Medium::<f64>::new(&survey, &constant(81, 81, VELOCITY)?)?.simulate();
        // The times that all runs share: sample n is at (n + 1) dt.
        Ok(trace(&gathers, 0).skip(parts - 1).step_by(parts).collect())
    };
    let exact = run(32)?;
    Ok([relative_error(run(1)?, exact.iter().copied()), relative_error(run(2)?, exact.iter().copied())])
}

/// Error of a standing bump in a medium of varying velocity, driven by the force that it needs.
///
/// `u = sin^4(w t) b(x) b(z)` with `b(x) = sin^6(pi x)` on the map of one kilometre: it keeps clear of the sponge, and
/// starts so gently that silence is a good enough past.
fn manufactured_error(cells: usize) -> Result<f64> {
    let spacing = 1000.0 / cells as f64;
    let dt = 4e-3 * (16.0 / cells as f64).powi(2);
    let steps = (0.2 / dt).round() as usize;
    let omega = 2.0 * PI * 4.0;
    let bump = |i: usize| (PI * i as f64 / cells as f64).sin().powi(6);
    let bent = |i: usize| {
        let (sin, cos) = (PI * i as f64 / cells as f64).sin_cos();
        (PI / 1000.0).powi(2) * (30.0 * sin.powi(4) * cos.powi(2) - 6.0 * sin.powi(6))
    };
    let nodes = cells + 1;
    let velocity: Vec<f32> = (0..nodes * nodes)
        .map(|i| {
            let (z, x) = ((i / nodes) as f64 / cells as f64, (i % nodes) as f64 / cells as f64);
            (2000.0 + 300.0 * (3.0 * x).sin() + 200.0 * (2.0 * z).cos()) as f32
        })
        .collect();
    let map = VelocityMap::new(nodes, nodes, velocity)?;
    let source = Cell { z: 0, x: 0 };
    let survey = survey(spacing, dt, vec![0.0], steps, source, vec![source])?;
    let medium = Medium::<f64>::new(&survey, &map)?;
    let found = medium.driven(steps, 1.0, |step, force| {
        let time = step as f64 * dt;
        let (sin, cos) = (omega * time).sin_cos();
        let swing = sin.powi(4);
        let pull = omega.powi(2) * (12.0 * sin.powi(2) * cos.powi(2) - 4.0 * swing);
        for (i, force) in force.iter_mut().enumerate() {
            let (z, x) = (i / nodes, i % nodes);
            let speed = f64::from(map.at(z, x));
            let laplacian = bent(x) * bump(z) + bump(x) * bent(z);
            *force = dt * dt * (pull * bump(x) * bump(z) - speed * speed * swing * laplacian);
        }
    });
    let swing = (omega * steps as f64 * dt).sin().powi(4);
    Ok(relative_error(found, (0..nodes * nodes).map(|i| swing * bump(i % nodes) * bump(i / nodes))))
}
