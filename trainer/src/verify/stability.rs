//! Long runs just below the Courant limit, above which a survey is refused.

use anyhow::Result;
use wavediffusion::survey::{Cell, Survey};
use wavediffusion::wave::Medium;

use super::{Check, constant, ricker, survey};

pub(super) fn checks() -> Result<Vec<Check>> {
    let (spacing, dt, samples) = (10.0, 1e-3, 6000);
    let (source, receivers) = (Cell { z: 10, x: 10 }, vec![Cell { z: 10, x: 14 }]);
    let survey = survey(spacing, dt, ricker(15.0, 0.08, dt), samples, source, receivers)?;
    let gathers = Medium::<f64>::new(&survey, &constant(21, 21, 0.998 * fastest(&survey)?)?)?.simulate();
    let loudest = |samples: &[f64]| samples.iter().fold(0.0f64, |most, u| most.max(u.abs()));
    let (early, late) = gathers.shot(0).split_at(samples / 2);
    let growth = loudest(late) / loudest(early);
    let what = "0.2 % below the Courant limit: loudest of the last 3000 samples over loudest of the first";
    Ok(vec![Check::at_most(what, growth, 1e-3)])
}

/// The fastest constant map that the survey accepts, in m/s, to 0.01 %.
fn fastest(survey: &Survey) -> Result<f64> {
    let (mut accepted, mut refused) = (1000.0, 10_000.0);
    while refused / accepted > 1.0001 {
        let middle = 0.5 * (accepted + refused);
        match survey.check(&constant(21, 21, middle)?) {
            Ok(()) => accepted = middle,
            Err(_) => refused = middle,
        }
    }
    Ok(accepted)
}
