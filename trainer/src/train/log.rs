//! Metrics of a run as CSV: `steps.csv` and `validation.csv`, in long form (one figure a line).

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::run::Figures;

const HEADER: &str = "step,samples,seconds,figure,value";

/// Names of the files.
const STEPS: &str = "steps.csv";
/// See [`STEPS`].
const VALIDATION: &str = "validation.csv";

/// Values of a figure, by step.
pub struct Curve {
    /// The figure.
    pub name: String,
    /// Steps and values.
    pub points: Vec<(f64, f64)>,
}

/// The curves of the run in `directory`: those of every step, then those of validations.
///
/// # Errors
/// When a file cannot be read.
pub fn curves(directory: &Path) -> Result<[Vec<Curve>; 2]> {
    let read = |name: &str| -> Result<Vec<Curve>> {
        let path = directory.join(name);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut curves: Vec<Curve> = Vec::new();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let [step, _, _, name, value] = fields[..] else { continue };
            let (Ok(step), Ok(value)) = (step.parse(), value.parse()) else { continue };
            match curves.iter_mut().find(|curve| curve.name == name) {
                Some(curve) => curve.points.push((step, value)),
                None => curves.push(Curve { name: name.to_owned(), points: vec![(step, value)] }),
            }
        }
        Ok(curves)
    };
    Ok([read(STEPS)?, read(VALIDATION)?])
}

/// The metrics of one run.
pub struct Log {
    steps: File,
    validation: File,
}

impl Log {
    /// Opens the files in `directory`, dropping lines of steps after `step`, which are about to be taken again.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn open(directory: &Path, step: usize) -> Result<Self> {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(Self {
            steps: continued(&directory.join(STEPS), step)?,
            validation: continued(&directory.join(VALIDATION), step)?,
        })
    }

    /// Adds a step's figures.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn step(&mut self, step: usize, samples: usize, seconds: f64, figures: &Figures) -> Result<()> {
        append(&mut self.steps, step, samples, seconds, figures)
    }

    /// Adds a validation's figures.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn validation(&mut self, step: usize, samples: usize, seconds: f64, figures: &Figures) -> Result<()> {
        append(&mut self.validation, step, samples, seconds, figures)
    }
}

/// Shows a validation above the progress bar.
pub fn info(step: usize, figures: &Figures) {
    let figures: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
    eprintln!("step {step}: {}", figures.join(", "));
}

fn append(file: &mut File, step: usize, samples: usize, seconds: f64, figures: &Figures) -> Result<()> {
    let lines: String =
        figures.iter().map(|(name, value)| format!("{step},{samples},{seconds:.1},{name},{value:.6}\n")).collect();
    file.write_all(lines.as_bytes()).context("cannot write the metrics")
}

fn continued(path: &Path, step: usize) -> Result<File> {
    let kept: Vec<String> = match File::open(path) {
        Ok(file) => BufReader::new(file)
            .lines()
            .skip(1)
            .map_while(|line| line.ok())
            .filter(|line| line.split(',').next().and_then(|s| s.parse().ok()).is_some_and(|s: usize| s <= step))
            .collect(),
        Err(_) => Vec::new(),
    };
    let open = || -> Result<File> {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
        writeln!(file, "{HEADER}")?;
        kept.iter().try_for_each(|line| writeln!(file, "{line}"))?;
        Ok(file)
    };
    open().with_context(|| format!("cannot write {}", path.display()))
}
