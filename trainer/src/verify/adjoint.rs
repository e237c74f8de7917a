//! The derivative and its transpose on OpenFWI's survey.

use anyhow::Result;
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Survey, SurveyConfig};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::{Medium, Real};

use super::Check;
use crate::synth;

pub(super) fn checks() -> Result<Vec<Check>> {
    let config = SurveyConfig { samples: 600, ..Survey::openfwi().config().clone() };
    let survey = Survey::new(config)?;
    let map = synth::generate(Family::CurveVelA, synth::HELD_OUT_SEEDS, 1);
    Ok(vec![
        Check::at_most("adjoint in f64: <J v, d> against <v, J* d>", dot_product_error::<f64>(&survey, &map)?, 1e-6),
        Check::at_most("adjoint in f32: <J v, d> against <v, J* d>", dot_product_error::<f32>(&survey, &map)?, 1e-3),
        Check::new("order of the misfit's Taylor remainder (in theory 2)", taylor_order(&survey, &map)?, 1.9..=2.1),
    ])
}

/// A change of velocity in m/s that is the same where the map may be slowest, so that all of that stays the slowest.
fn change(i: usize) -> f64 {
    let (z, x) = (i / 70, i % 70);
    if z < 20 { -2.0 } else { ((z * 7 + x * 5) % 11) as f64 / 2.0 }
}

fn inner<T: Real>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| a.to_f64_lossless() * b.to_f64_lossless()).sum()
}

fn dot_product_error<T: Real>(survey: &Survey, map: &VelocityMap) -> Result<f64> {
    let medium = Medium::<T>::new(survey, map)?;
    let velocity: Vec<T> = (0..4900).map(|i| T::from_f64(change(i))).collect();
    let mut data = Gathers::zeros(medium.shots(), medium.samples(), medium.receivers());
    for (i, value) in data.values_mut().iter_mut().enumerate() {
        *value = T::from_f64(((i * 37) % 101) as f64 / 50.0 - 1.0);
    }
    let forth = inner(medium.born(&velocity).values(), data.values());
    let back = inner(&velocity, &medium.adjoint(&data));
    Ok((forth - back).abs() / forth.abs().max(back.abs()))
}

fn taylor_order(survey: &Survey, map: &VelocityMap) -> Result<f64> {
    let moved = |scale: f64| -> Result<Medium<f64>> {
        let values = map.values().iter().enumerate().map(|(i, &v)| (f64::from(v) + scale * change(i)) as f32);
        Ok(Medium::new(survey, &VelocityMap::new(70, 70, values.collect())?)?)
    };
    let observed = moved(10.0)?.simulate();
    let start = moved(0.0)?.misfit(&observed);
    let slope = inner(&start.gradient, &(0..4900).map(change).collect::<Vec<_>>());
    let remainder =
        |scale: f64| -> Result<f64> { Ok((moved(scale)?.misfit(&observed).value - start.value - scale * slope).abs()) };
    Ok((remainder(1.0)? / remainder(0.5)?).log2())
}
