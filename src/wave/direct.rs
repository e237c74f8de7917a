//! When the direct wave has passed, for those who mute it to see what comes back from below.

use crate::survey::{Cell, Survey, SurveyError};
use crate::velocity_map::VelocityMap;

/// Points on the ray from source to receiver for each cell that it crosses.
const POINTS_PER_CELL: f64 = 4.0;

/// Seconds after which the direct wave has passed each receiver, (shots, receivers): the time along the straight ray
/// from the source, and the source signature's length.
///
/// In two dimensions every wave has a tail (the Green's function never returns to zero), so a little of it remains.
///
/// # Errors
/// [`SurveyError`] when the survey does not fit the map.
pub fn direct_wave_end(survey: &Survey, velocity: &VelocityMap) -> Result<Vec<f32>, SurveyError> {
    survey.check(velocity)?;
    let config = survey.config();
    let length = survey.wavelet().iter().rposition(|&sample| sample != 0.0).map_or(0, |last| last + 1);
    let signature = length as f64 * config.dt;
    let arrival = |source, receiver| ray_time(velocity, config.spacing, source, receiver) + signature;
    Ok(config
        .sources
        .iter()
        .flat_map(|&source| config.receivers.iter().map(move |&receiver| arrival(source, receiver) as f32))
        .collect())
}

/// The first sample of each receiver, (shots, receivers), from which the direct wave is gone, where samples are
/// `interval` seconds apart.
///
/// # Errors
/// As [`direct_wave_end`].
pub fn first_reflected_sample(
    survey: &Survey,
    velocity: &VelocityMap,
    interval: f64,
) -> Result<Vec<usize>, SurveyError> {
    let end = direct_wave_end(survey, velocity)?;
    Ok(end.into_iter().map(|seconds| (f64::from(seconds) / interval).ceil() as usize).collect())
}

/// Seconds along the straight line between two cells of a map whose cells are `spacing` metres wide.
fn ray_time(velocity: &VelocityMap, spacing: f64, from: Cell, to: Cell) -> f64 {
    let (z, x) = (from.z as f64, from.x as f64);
    let (dz, dx) = (to.z as f64 - z, to.x as f64 - x);
    let cells = dz.hypot(dx);
    let points = (POINTS_PER_CELL * cells).ceil() as usize;
    let slowness = |point: usize| {
        let share = (point as f64 + 0.5) / points as f64;
        f64::from(velocity.at((z + share * dz).round() as usize, (x + share * dx).round() as usize)).recip()
    };
    (0..points).map(slowness).sum::<f64>() * spacing * cells / points.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wave::simulate;

    #[test]
    fn the_direct_wave_takes_its_distance_over_the_speed_and_the_wavelet() {
        let map = VelocityMap::new(70, 70, vec![2000.0; 4900]).unwrap();
        let end = direct_wave_end(&Survey::openfwi(), &map).unwrap();
        assert_eq!(end.len(), 350);
        assert!((end[0] - 0.147).abs() < 1e-6, "{}", end[0]);
        assert!((end[69] - (0.147 + 690.0 / 2000.0)).abs() < 1e-6, "{}", end[69]);
        let first = first_reflected_sample(&Survey::openfwi(), &map, 0.008).unwrap();
        assert_eq!([first[0], first[69]], [19, 62]);
    }

    #[test]
    fn the_ray_goes_through_what_lies_between() {
        let half = (0..4900).map(|i| if i % 70 < 35 { 2000.0 } else { 4000.0 }).collect();
        let map = VelocityMap::new(70, 70, half).unwrap();
        let end = direct_wave_end(&Survey::openfwi(), &map).unwrap();
        assert!((end[69] - (0.147 + 345.0 / 2000.0 + 345.0 / 4000.0)).abs() < 1e-3, "{}", end[69]);
    }

    #[test]
    fn little_is_left_of_a_uniform_ground_s_gathers() {
        let map = VelocityMap::new(70, 70, vec![2500.0; 4900]).unwrap();
        let survey = Survey::openfwi();
        let gathers = simulate(&survey, &map).unwrap();
        let end = direct_wave_end(&survey, &map).unwrap();
        let [_, samples, receivers] = gathers.shape();
        let (mut left, mut all) = (0.0, 0.0);
        for (i, &value) in gathers.values().iter().enumerate() {
            let (shot, sample, receiver) = (i / (samples * receivers), i / receivers % samples, i % receivers);
            let energy = f64::from(value).powi(2);
            all += energy;
            if sample as f32 * 1e-3 > end[shot * receivers + receiver] {
                left += energy;
            }
        }
        assert!(left < 1e-3 * all, "{}", left / all);
    }

    #[test]
    fn a_map_that_the_survey_does_not_fit_is_refused() {
        let narrow = VelocityMap::new(70, 60, vec![2000.0; 4200]).unwrap();
        assert!(direct_wave_end(&Survey::openfwi(), &narrow).is_err());
    }
}
