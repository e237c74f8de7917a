//! What the receivers record.

use num_traits::Zero;
use thiserror::Error;

/// Shot gathers: raw pressure amplitudes, (`shots`, `samples`, `receivers`) row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathers<T = f32> {
    shots: usize,
    samples: usize,
    receivers: usize,
    values: Vec<T>,
}

/// The number of values does not fill the gathers' shape.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("gathers of {shots} shots x {samples} samples x {receivers} receivers need {} values, got {len}", shots * samples * receivers)]
pub struct GathersShapeError {
    /// Shots.
    pub shots: usize,
    /// Time samples.
    pub samples: usize,
    /// Receivers.
    pub receivers: usize,
    /// Number of values given.
    pub len: usize,
}

impl<T: Copy + Zero> Gathers<T> {
    /// Gathers in which nothing has been recorded yet.
    pub fn zeros(shots: usize, samples: usize, receivers: usize) -> Self {
        Self { shots, samples, receivers, values: vec![T::zero(); shots * samples * receivers] }
    }
}

impl<T: Copy> Gathers<T> {
    /// Gathers from (`shots`, `samples`, `receivers`) row-major values.
    ///
    /// # Errors
    /// [`GathersShapeError`] when the number of values does not fill the shape.
    pub fn new(shots: usize, samples: usize, receivers: usize, values: Vec<T>) -> Result<Self, GathersShapeError> {
        if values.len() == shots * samples * receivers {
            Ok(Self { shots, samples, receivers, values })
        } else {
            Err(GathersShapeError { shots, samples, receivers, len: values.len() })
        }
    }

    /// Number of shots.
    pub fn shots(&self) -> usize {
        self.shots
    }

    /// Number of time samples of each trace.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of receivers of each shot.
    pub fn receivers(&self) -> usize {
        self.receivers
    }

    /// (shots, samples, receivers)
    pub fn shape(&self) -> [usize; 3] {
        [self.shots, self.samples, self.receivers]
    }

    /// All values, row-major.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, row-major.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// All values, row-major.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// One shot's gather, (samples, receivers) row-major.
    pub fn shot(&self, shot: usize) -> &[T] {
        let len = self.samples * self.receivers;
        &self.values[shot * len..(shot + 1) * len]
    }

    /// The gathers of some of the shots, by their numbers.
    ///
    /// # Panics
    /// When there is no such shot.
    pub fn of_shots(&self, shots: &[usize]) -> Self {
        let values = shots.iter().flat_map(|&shot| self.shot(shot)).copied().collect();
        Self { shots: shots.len(), values, ..*self }
    }
}
