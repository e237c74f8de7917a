//! f32 against f64 on a map of every family.

use anyhow::Result;
use wavediffusion::family::Family;
use wavediffusion::survey::Survey;
use wavediffusion::wave::Medium;

use super::{Check, relative_error};
use crate::synth;

pub(super) fn checks() -> Result<Vec<Check>> {
    let survey = Survey::openfwi();
    let mut worst = 0.0f64;
    for family in Family::ALL {
        let map = synth::generate(family, synth::HELD_OUT_SEEDS, 2);
        let single = Medium::<f32>::new(&survey, &map)?.simulate();
        let double = Medium::<f64>::new(&survey, &map)?.simulate();
        let error = relative_error(single.values().iter().map(|&u| f64::from(u)), double.values().iter().copied());
        worst = worst.max(error);
    }
    Ok(vec![Check::at_most("f32 against f64, worst of a map of each of ten families: relative L2 error", worst, 1e-4)])
}
