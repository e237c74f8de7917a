//! What the sponge sends back.

use anyhow::Result;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig};
use wavediffusion::wave::Medium;

use super::{Check, constant, trace};

/// Distance of source and receivers from the map's edge, in cells.
const DEPTH: usize = 10;

/// Columns of the map that holds them.
const COLUMNS: usize = 161;

pub(super) fn checks() -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for (degrees, offset, most) in [(0, 0, 1e-3), (30, 12, 1e-3), (45, 20, 1e-3), (60, 35, 2e-3), (75, 75, 6e-3)] {
        let what = format!("OpenFWI's sponge of 120 cells at 2500 m/s: reflection coefficient at {degrees} degrees");
        checks.push(Check::at_most(what, reflection(offset)?, most));
    }
    checks.push(Check::at_most("amplitude left in an OpenFWI map after 2 s, of the loudest", residue()?, 1e-3));
    Ok(checks)
}

/// Loudest echo of the sponge above a map, over the loudest wave that has travelled as far in the open.
fn reflection(offset: usize) -> Result<f64> {
    let (velocity, nz) = (2500.0, 141);
    let base = Survey::openfwi().config().clone();
    let run = |above: usize, receivers: Vec<Cell>| -> Result<_> {
        let config = SurveyConfig {
            sources: vec![Cell { z: above + DEPTH, x: 40 }],
            receivers: receivers.into_iter().map(|cell| Cell { z: cell.z + above, ..cell }).collect(),
            samples: 700,
            ..base.clone()
        };
        Ok(Medium::<f64>::new(&Survey::new(config)?, &constant(nz + above, COLUMNS, velocity)?)?.simulate())
    };
    let receiver = Cell { z: DEPTH, x: 40 + offset };
    // As far away as the source's mirror image in the edge.
    let path = ((4 * DEPTH * DEPTH + offset * offset) as f64).sqrt().round() as usize;
    let far = Cell { z: DEPTH, x: 40 + path };
    let bounded = run(0, vec![receiver])?;
    let open = run(150, vec![receiver, far])?;
    let loudest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0f64, |most, u| most.max(u.abs()));
    let echo = loudest(&mut trace(&bounded, 0).zip(trace(&open, 0)).map(|(a, b)| a - b));
    Ok(echo / loudest(&mut trace(&open, 1)))
}

/// Loudest amplitude of the third second over the loudest of all.
fn residue() -> Result<f64> {
    let signature = Signature::Ricker { peak_frequency: 15.0 };
    let config = SurveyConfig {
        samples: 3000,
        signature,
        sources: vec![Cell { z: 35, x: 35 }],
        receivers: (0..70).step_by(7).map(|x| Cell { z: x, x }).collect(),
        ..Survey::openfwi().config().clone()
    };
    let gathers = Medium::<f64>::new(&Survey::new(config)?, &constant(70, 70, 2500.0)?)?.simulate();
    let loudest = |values: &[f64]| values.iter().fold(0.0f64, |most, u| most.max(u.abs()));
    Ok(loudest(&gathers.shot(0)[2000 * gathers.receivers()..]) / loudest(gathers.shot(0)))
}
