//! A survey described by command-line options, a TOML file, or both.

mod positions;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use wavediffusion::npy::NpyArray;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig};

pub use positions::{Positions, PositionsError};

/// The survey of a command: options, and a file that they win over.
#[derive(Args, Clone, Debug, Default)]
pub struct SurveyArgs {
    /// A survey in TOML; options given beside it win over it
    #[arg(long, value_name = "TOML")]
    survey: Option<PathBuf>,
    #[command(flatten)]
    options: SurveyOptions,
}

impl SurveyArgs {
    /// The survey for maps of `nx` columns, see [`SurveyOptions::survey`].
    ///
    /// # Errors
    /// When a file cannot be read, or a number makes no sense.
    pub fn survey(&self, nx: usize) -> Result<Survey> {
        let file = self.survey.as_deref().map(SurveyOptions::read).transpose()?;
        self.options.clone().over(file.unwrap_or_default()).survey(nx)
    }
}

/// A survey; whatever is left out is OpenFWI's. The TOML file has the same names, with underscores.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurveyOptions {
    /// Cell size in metres
    #[arg(long, value_name = "METRES")]
    spacing: Option<f64>,
    /// Time step in seconds
    #[arg(long, value_name = "SECONDS")]
    dt: Option<f64>,
    /// Time steps, and samples recorded
    #[arg(long, value_name = "COUNT")]
    samples: Option<usize>,
    /// Peak frequency of the Ricker wavelet in Hz
    #[arg(long, value_name = "HZ", conflicts_with = "wavelet")]
    peak_frequency: Option<f64>,
    /// Another wavelet, a .npy of shape (samples,), one value a time step
    #[arg(long, value_name = "FILE")]
    wavelet: Option<PathBuf>,
    /// Cells of the sources, ROWS:COLUMNS counted from 0, such as `1:0,17,34` or `1:0-69/5`; groups are separated by spaces
    #[arg(long, value_name = "CELLS")]
    sources: Option<Positions>,
    /// Cells of the receivers, in the same way; `2-60:35` is a vertical line
    #[arg(long, value_name = "CELLS")]
    receivers: Option<Positions>,
    /// Width of the absorbing sponge in cells
    #[arg(long, value_name = "CELLS")]
    sponge: Option<usize>,
    /// Make the map's first row a free surface instead of the edge of a sponge
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    free_surface: Option<bool>,
}

impl SurveyOptions {
    /// Options from a TOML file. A relative path in it starts at the file's directory.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else than these options.
    pub fn read(path: &Path) -> Result<Self> {
        let read = || -> Result<Self> {
            let mut options: Self = toml::from_str(&fs::read_to_string(path)?)?;
            ensure!(
                options.peak_frequency.is_none() || options.wavelet.is_none(),
                "it holds both `peak_frequency` and `wavelet`; only one of them can be the source's"
            );
            if let (Some(wavelet), Some(directory)) = (&mut options.wavelet, path.parent()) {
                *wavelet = directory.join(&*wavelet);
            }
            Ok(options)
        };
        read().with_context(|| format!("cannot read a survey from {}", path.display()))
    }

    /// These options, and `base`'s where these say nothing.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        let signature = self.peak_frequency.is_some() || self.wavelet.is_some();
        let (peak_frequency, wavelet) =
            if signature { (self.peak_frequency, self.wavelet) } else { (base.peak_frequency, base.wavelet) };
        Self {
            spacing: self.spacing.or(base.spacing),
            dt: self.dt.or(base.dt),
            samples: self.samples.or(base.samples),
            peak_frequency,
            wavelet,
            sources: self.sources.or(base.sources),
            receivers: self.receivers.or(base.receivers),
            sponge: self.sponge.or(base.sponge),
            free_surface: self.free_surface.or(base.free_surface),
        }
    }

    /// The survey for maps of `nx` columns. Unless told otherwise, a receiver is on every column, and the sources are where
    /// they are on OpenFWI's maps in proportion to the width.
    ///
    /// # Errors
    /// When the wavelet cannot be read, or a number makes no sense.
    pub fn survey(&self, nx: usize) -> Result<Survey> {
        let base = Survey::openfwi().config().clone();
        let last = base.receivers.len() - 1;
        let spread = |cell: &Cell| Cell { z: cell.z, x: (cell.x * (nx - 1) + last / 2) / last };
        let cells = |positions: &Option<Positions>| positions.as_ref().map(|positions| positions.cells().to_vec());
        let signature = match (&self.wavelet, self.peak_frequency) {
            (Some(path), _) => Signature::Samples(
                wavelet(path).with_context(|| format!("cannot read a wavelet from {}", path.display()))?,
            ),
            (None, Some(peak_frequency)) => Signature::Ricker { peak_frequency },
            (None, None) => base.signature,
        };
        Ok(Survey::new(SurveyConfig {
            spacing: self.spacing.unwrap_or(base.spacing),
            dt: self.dt.unwrap_or(base.dt),
            samples: self.samples.unwrap_or(base.samples),
            signature,
            sources: cells(&self.sources).unwrap_or_else(|| base.sources.iter().map(spread).collect()),
            receivers: cells(&self.receivers)
                .unwrap_or_else(|| (0..nx).map(|x| Cell { z: base.receivers[0].z, x }).collect()),
            sponge: self.sponge.unwrap_or(base.sponge),
            free_surface: self.free_surface.unwrap_or(base.free_surface),
        })?)
    }
}

fn wavelet(path: &Path) -> Result<Vec<f64>> {
    let array = NpyArray::read(path)?;
    ensure!(array.shape().len() == 1, "an array of shape {:?} is no wavelet; accepted is (samples,)", array.shape());
    Ok(array.values().iter().map(|&value| f64::from(value)).collect())
}

#[cfg(test)]
mod tests {
    use wavediffusion::npy;

    use super::*;

    fn parsed(text: &str) -> SurveyOptions {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_documented_survey_is_a_survey() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/survey.toml");
        let survey = SurveyOptions::read(&path).unwrap().survey(70).unwrap();
        let config = survey.config();
        assert_eq!((config.sources.len(), config.receivers.len(), config.free_surface), (1, 60, true));
    }

    #[test]
    fn openfwi_maps_get_openfwis_survey() {
        assert_eq!(SurveyOptions::default().survey(70).unwrap(), Survey::openfwi());
    }

    #[test]
    fn sources_of_other_maps_span_the_width() {
        let survey = SurveyOptions::default().survey(139).unwrap();
        let columns: Vec<usize> = survey.config().sources.iter().map(|cell| cell.x).collect();
        assert_eq!(columns, [0, 34, 68, 104, 138]);
    }

    #[test]
    fn options_win_over_the_file_and_one_kind_of_wavelet_over_the_other() {
        let file = parsed("dt = 0.002\nsamples = 300\nwavelet = \"w.npy\"\nsources = \"2:5\"\nfree_surface = true");
        let options = parsed("dt = 0.0005\npeak_frequency = 25.0").over(file);
        let survey = options.survey(20).unwrap();
        let config = survey.config();
        assert_eq!((config.dt, config.samples, config.free_surface), (0.0005, 300, true));
        assert_eq!(config.signature, Signature::Ricker { peak_frequency: 25.0 });
        assert_eq!(config.sources, [Cell { z: 2, x: 5 }]);
        assert_eq!(config.receivers.len(), 20);
    }

    #[test]
    fn a_wavelet_beside_the_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("w.npy"), npy::to_bytes(&[3], &[1.0, -2.0, 0.5]).unwrap()).unwrap();
        fs::write(dir.path().join("s.toml"), "wavelet = \"w.npy\"").unwrap();
        let survey = SurveyOptions::read(&dir.path().join("s.toml")).unwrap().survey(10).unwrap();
        assert_eq!(survey.wavelet()[..4], [1.0, -2.0, 0.5, 0.0]);
    }

    #[test]
    fn a_file_with_mistakes_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        for (text, expected) in [
            ("spacng = 10.0", "spacng"),
            ("sources = \"1-0\"", "ROWS:COLUMNS"),
            ("wavelet = \"w.npy\"\npeak_frequency = 10.0", "only one of them"),
        ] {
            fs::write(&path, text).unwrap();
            let message = format!("{:#}", SurveyOptions::read(&path).unwrap_err());
            assert!(message.contains("s.toml") && message.contains(expected), "{message}");
        }
    }

    #[test]
    fn an_array_that_is_no_wavelet_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.npy");
        fs::write(&path, npy::to_bytes(&[1, 2], &[1.0, 2.0]).unwrap()).unwrap();
        let options = SurveyOptions { wavelet: Some(path), ..SurveyOptions::default() };
        let message = format!("{:#}", options.survey(70).unwrap_err());
        assert!(message.contains("no wavelet"), "{message}");
    }
}
