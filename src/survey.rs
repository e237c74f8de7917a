//! The seismic survey: grid spacing, time axis, source wavelet, source and receiver positions.
//!
//! [`Survey::openfwi`] is the acquisition behind OpenFWI's public data sets (arXiv 2111.02926).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::velocity_map::VelocityMap;

/// A cell of the velocity map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Row, counted from the surface.
    pub z: usize,
    /// Column.
    pub x: usize,
}

/// What describes a [`Survey`], as written in configuration files and manifests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyConfig {
    /// Cell size in metres, the same in both directions.
    pub spacing: f64,
    /// Time step in seconds.
    pub dt: f64,
    /// Number of time steps, and of samples recorded.
    pub samples: usize,
    /// What every source emits.
    pub signature: Signature,
    /// One source a shot.
    pub sources: Vec<Cell>,
    /// Receivers, the same for every shot.
    pub receivers: Vec<Cell>,
    /// Width of the absorbing sponge around the map, in cells.
    pub sponge: usize,
    /// Whether the map's first row is a free surface, where the pressure is zero, rather than the edge of a sponge.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free_surface: bool,
}

/// A source signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Signature {
    /// A Ricker wavelet, see [`ricker`].
    Ricker {
        /// Its peak frequency in Hz.
        peak_frequency: f64,
    },
    /// One value a time step, zero after the last.
    Samples(Vec<f64>),
}

/// A survey whose numbers make sense by themselves; [`Survey::check`] tells whether it fits a velocity map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SurveyConfig", into = "SurveyConfig")]
pub struct Survey {
    config: SurveyConfig,
    wavelet: Vec<f64>,
}

/// Why a survey is refused, on its own or on a velocity map.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SurveyError {
    /// A length, a time step or a frequency that is not finite and positive.
    #[error("{what} is {value}; it must be finite and above 0")]
    NotPositive {
        /// The quantity.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A source signature with a sample that is no number.
    #[error("sample {index} of the source signature is {value}; it must be finite")]
    Signature {
        /// Its index.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A source signature that goes on after the last time step.
    #[error("the source signature has {found} samples, more than the survey's {samples}")]
    SignatureTooLong {
        /// Samples of the signature.
        found: usize,
        /// Samples of the survey.
        samples: usize,
    },
    /// A source or receiver where a free surface holds the pressure at zero.
    #[error("{what} {index} is on the free surface (row 0), where the pressure is always zero")]
    OnFreeSurface {
        /// `source` or `receiver`.
        what: &'static str,
        /// Its index.
        index: usize,
    },
    /// Nothing to fire, record or step.
    #[error("a survey needs at least one {what}")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// The sponge is too narrow for its profile.
    #[error("the sponge is {cells} cells wide; it needs at least {minimum}")]
    Sponge {
        /// Width given.
        cells: usize,
        /// Narrowest width accepted.
        minimum: usize,
    },
    /// More of something than any computer holds or computes.
    #[error("the {what} is {found}; the limit is {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The wavelet cannot be sampled with this time step.
    #[error(
        "a time step of {dt} s leaves fewer than two samples per period at 3 x {peak_frequency} Hz; the limit is {limit:.6} s"
    )]
    Undersampled {
        /// Time step in seconds.
        dt: f64,
        /// Peak frequency in Hz.
        peak_frequency: f64,
        /// Longest time step accepted, in seconds.
        limit: f64,
    },
    /// The scheme would blow up.
    #[error(
        "a velocity of {velocity} m/s moves {courant:.3} cells in a time step; the scheme is stable up to {limit:.3} (CFL), \
         so the fastest velocity for this spacing, time step and sponge is {fastest:.1} m/s"
    )]
    Unstable {
        /// Fastest velocity of the map, m/s.
        velocity: f64,
        /// Its Courant number.
        courant: f64,
        /// Largest stable Courant number.
        limit: f64,
        /// Fastest stable velocity, m/s.
        fastest: f64,
    },
    /// A source or receiver that is not on the map.
    #[error("{what} {index} is at (row {z}, column {x}), outside the map of {nz} x {nx} cells")]
    Outside {
        /// `source` or `receiver`.
        what: &'static str,
        /// Its index.
        index: usize,
        /// Row.
        z: usize,
        /// Column.
        x: usize,
        /// Rows of the map.
        nz: usize,
        /// Columns of the map.
        nx: usize,
    },
}

/// Largest stable Courant number `v dt / dx` in two dimensions: the fourth-order Laplacian's largest eigenvalue is
/// `2 x (16/3) / dx^2`, and leapfrog needs `(v dt)^2` times it to stay below 4. The sponge lowers it: see [`Survey::check`].
pub const COURANT_LIMIT: f64 = 0.612_372_435_695_794_5;

/// What the sponge divides an amplitude by.
const ATTENUATION: f64 = 1e7;

/// Most time steps: a thousand times OpenFWI's.
const SAMPLES_LIMIT: usize = 1_000_000;

/// Widest sponge, in cells: a hundred times what absorbs all that f32 can tell.
const SPONGE_LIMIT: usize = 10_000;

/// Narrowest sponge whose damping profile is defined.
const SPONGE_MINIMUM: usize = 2;

impl Survey {
    /// A survey from its description.
    ///
    /// # Errors
    /// [`SurveyError`] when a number makes no sense by itself.
    pub fn new(config: SurveyConfig) -> Result<Self, SurveyError> {
        for (what, value) in [("the grid spacing", config.spacing), ("the time step", config.dt)] {
            positive(what, value)?;
        }
        for (what, count) in
            [("time sample", config.samples), ("source", config.sources.len()), ("receiver", config.receivers.len())]
        {
            if count == 0 {
                return Err(SurveyError::Empty { what });
            }
        }
        for (what, found, limit) in [
            ("number of time samples", config.samples, SAMPLES_LIMIT),
            ("sponge's width in cells", config.sponge, SPONGE_LIMIT),
        ] {
            if found > limit {
                return Err(SurveyError::TooMany { what, found, limit });
            }
        }
        if config.sponge < SPONGE_MINIMUM {
            return Err(SurveyError::Sponge { cells: config.sponge, minimum: SPONGE_MINIMUM });
        }
        if config.free_surface {
            for (what, cells) in [("source", &config.sources), ("receiver", &config.receivers)] {
                if let Some(index) = cells.iter().position(|cell| cell.z == 0) {
                    return Err(SurveyError::OnFreeSurface { what, index });
                }
            }
        }
        let wavelet = config.signature.sampled(config.dt, config.samples)?;
        Ok(Self { config, wavelet })
    }

    /// OpenFWI's acquisition: 70 x 70 cells of 10 m, 1000 samples of 1 ms, a 15 Hz Ricker wavelet, 5 sources and 70
    /// receivers at depth index 1, a sponge of 120 cells.
    pub fn openfwi() -> Self {
        let config = SurveyConfig {
            spacing: 10.0,
            dt: 1e-3,
            samples: 1000,
            signature: Signature::Ricker { peak_frequency: 15.0 },
            sources: [0, 17, 34, 52, 69].map(|x| Cell { z: 1, x }).to_vec(),
            receivers: (0..70).map(|x| Cell { z: 1, x }).collect(),
            sponge: 120,
            free_surface: false,
        };
        match Self::new(config) {
            Ok(survey) => survey,
            Err(error) => unreachable!("OpenFWI's survey is valid: {error}"),
        }
    }

    /// The survey of some of the shots, by their numbers.
    ///
    /// # Errors
    /// [`SurveyError::Empty`] of none.
    ///
    /// # Panics
    /// When there is no such shot.
    pub fn of_shots(&self, shots: &[usize]) -> Result<Self, SurveyError> {
        let sources = shots.iter().map(|&shot| self.config.sources[shot]).collect();
        Self::new(SurveyConfig { sources, ..self.config.clone() })
    }

    /// The survey's description.
    pub fn config(&self) -> &SurveyConfig {
        &self.config
    }

    /// Shape of the gathers that it records: shots, samples, receivers.
    pub fn shape(&self) -> [usize; 3] {
        [self.config.sources.len(), self.config.samples, self.config.receivers.len()]
    }

    /// The source signature, one value a time step.
    pub fn wavelet(&self) -> &[f64] {
        &self.wavelet
    }

    /// The sponge's damping per time step at its outer rim, for a map whose slowest velocity is `slowest` m/s: it takes
    /// a wave that crosses the sponge and returns down to 1e-7.
    pub fn strongest_damping(&self, slowest: f32) -> f64 {
        let width = (self.config.sponge - 1) as f64 * self.config.spacing;
        3.0 * f64::from(slowest) * ATTENUATION.ln() / (2.0 * width) * self.config.dt
    }

    /// Tells whether the survey can be run on a velocity map.
    ///
    /// With a damping `k`, leapfrog needs `(v dt)^2` times the Laplacian's largest eigenvalue to stay below `4 - 2 k`.
    ///
    /// # Errors
    /// [`SurveyError::Unstable`] when the map is too fast for the time step; [`SurveyError::Outside`] when a source or
    /// receiver is not on the map.
    pub fn check(&self, velocity: &VelocityMap) -> Result<(), SurveyError> {
        let SurveyConfig { spacing, dt, sources, receivers, .. } = &self.config;
        let (slowest, fastest) = velocity.range();
        let limit = COURANT_LIMIT * (1.0 - self.strongest_damping(slowest) / 2.0).max(0.0).sqrt();
        let courant = f64::from(fastest) * dt / spacing;
        if courant > limit {
            let (velocity, fastest) = (f64::from(fastest), limit * spacing / dt);
            return Err(SurveyError::Unstable { velocity, courant, limit, fastest });
        }
        let (nz, nx) = (velocity.nz(), velocity.nx());
        for (what, cells) in [("source", sources), ("receiver", receivers)] {
            if let Some((index, &Cell { z, x })) = cells.iter().enumerate().find(|(_, c)| c.z >= nz || c.x >= nx) {
                return Err(SurveyError::Outside { what, index, z, x, nz, nx });
            }
        }
        Ok(())
    }
}

impl Signature {
    /// `samples` values, `dt` seconds apart.
    fn sampled(&self, dt: f64, samples: usize) -> Result<Vec<f64>, SurveyError> {
        match self {
            &Self::Ricker { peak_frequency } => {
                positive("the peak frequency", peak_frequency)?;
                ricker(peak_frequency, dt, samples)
            }
            Self::Samples(values) if values.len() > samples => {
                Err(SurveyError::SignatureTooLong { found: values.len(), samples })
            }
            Self::Samples(values) => match values.iter().position(|value| !value.is_finite()) {
                Some(index) => Err(SurveyError::Signature { index, value: values[index] }),
                None => Ok(values.iter().copied().chain(std::iter::repeat(0.0)).take(samples).collect()),
            },
        }
    }
}

fn positive(what: &'static str, value: f64) -> Result<(), SurveyError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(SurveyError::NotPositive { what, value }) }
}

impl TryFrom<SurveyConfig> for Survey {
    type Error = SurveyError;

    fn try_from(config: SurveyConfig) -> Result<Self, SurveyError> {
        Self::new(config)
    }
}

impl From<Survey> for SurveyConfig {
    fn from(survey: Survey) -> Self {
        survey.config
    }
}

/// Samples of a Ricker wavelet of peak frequency `f0` (Hz), `dt` seconds apart, starting at its first sample.
///
/// The wavelet is `2 floor(1.1 / (f0 dt)) + 1` samples long and then zero (or cut at `samples`).
///
/// # Errors
/// [`SurveyError::Undersampled`] when `dt` leaves fewer than two samples per period at `3 f0`.
pub fn ricker(f0: f64, dt: f64, samples: usize) -> Result<Vec<f64>, SurveyError> {
    let limit = 1.0 / (2.0 * 3.0 * f0);
    if dt > limit {
        return Err(SurveyError::Undersampled { dt, peak_frequency: f0, limit });
    }
    let half = (1.1 / (f0 * dt)).floor();
    let value = |i: usize| if i as f64 > 2.0 * half { 0.0 } else { ricker_at(f0, (i as f64 - half) * dt) };
    Ok((0..samples).map(value).collect())
}

/// Ricker wavelet of peak frequency `f0` (Hz), `time` seconds after its peak, which is 1.
pub fn ricker_at(f0: f64, time: f64) -> f64 {
    let b = (time * f0 * std::f64::consts::PI).powi(2);
    (1.0 - 2.0 * b) * libm::exp(-b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openfwi_wavelet_peaks_at_its_middle_and_ends_after_147_samples() {
        let survey = Survey::openfwi();
        let wavelet = survey.wavelet();
        assert_eq!(wavelet[73], 1.0);
        assert!(wavelet[146] != 0.0 && wavelet[147..].iter().all(|&w| w == 0.0));
    }

    #[test]
    fn a_map_beyond_the_cfl_limit_is_refused_with_the_limit() {
        let fast = VelocityMap::new(70, 70, vec![6500.0; 4900]).unwrap();
        let message = Survey::openfwi().check(&fast).unwrap_err().to_string();
        assert!(message.contains("6500 m/s") && message.contains("5918.1 m/s"), "{message}");
    }

    #[test]
    fn a_receiver_outside_the_map_is_refused_with_its_position() {
        let narrow = VelocityMap::new(70, 60, vec![2000.0; 4200]).unwrap();
        let message = Survey::openfwi().check(&narrow).unwrap_err().to_string();
        assert!(message.contains("source 4 is at (row 1, column 69)"), "{message}");
    }

    #[test]
    fn some_shots_record_what_they_record_among_all() {
        let survey = Survey::new(SurveyConfig { samples: 300, ..Survey::openfwi().config().clone() }).unwrap();
        let map = VelocityMap::new(70, 70, vec![2000.0; 4900]).unwrap();
        let all = crate::wave::simulate(&survey, &map).unwrap();
        let some = crate::wave::simulate(&survey.of_shots(&[1, 3]).unwrap(), &map).unwrap();
        assert_eq!(some, all.of_shots(&[1, 3]));
        assert_ne!(some.shot(0), all.shot(0));
        assert_eq!(survey.of_shots(&[]), Err(SurveyError::Empty { what: "source" }));
    }

    #[test]
    fn senseless_numbers_are_refused() {
        let base = Survey::openfwi().config().clone();
        let refused = |change: fn(&mut SurveyConfig)| {
            let mut config = base.clone();
            change(&mut config);
            Survey::new(config).is_err()
        };
        assert!(refused(|c| c.dt = f64::NAN));
        assert!(refused(|c| c.spacing = -1.0));
        assert!(refused(|c| c.sources.clear()));
        assert!(refused(|c| c.samples = 0));
        assert!(refused(|c| c.sponge = 1));
        assert!(refused(|c| c.samples = usize::MAX));
        assert!(refused(|c| c.sponge = usize::MAX));
        assert!(refused(|c| c.dt = 0.02));
        assert!(refused(|c| c.signature = Signature::Ricker { peak_frequency: 0.0 }));
        assert!(refused(|c| c.signature = Signature::Samples(vec![1.0, f64::NAN])));
        assert!(refused(|c| c.signature = Signature::Samples(vec![0.0; 1001])));
        assert!(refused(|c| (c.free_surface, c.sources[2].z) = (true, 0)));
    }

    #[test]
    fn a_signature_of_samples_is_followed_by_silence() {
        let signature = Signature::Samples(vec![1.0, -2.0]);
        let config = SurveyConfig { signature, ..Survey::openfwi().config().clone() };
        let survey = Survey::new(config).unwrap();
        assert_eq!(survey.wavelet()[..3], [1.0, -2.0, 0.0]);
        assert_eq!(survey.wavelet().len(), 1000);
    }

    #[test]
    fn description_round_trips_through_json() {
        let survey = Survey::openfwi();
        let text = serde_json::to_string(&survey).unwrap();
        assert_eq!(serde_json::from_str::<Survey>(&text).unwrap(), survey);
    }
}
