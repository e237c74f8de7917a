//! The solver on the GPU.

use std::ops::ControlFlow;

use burn::backend::DispatchDevice;
use burn::tensor::Device;
use cubecl::prelude::*;
use cubecl::server::ServerError;
use thiserror::Error;

use super::Medium;
use super::kernel::{GridLaunch, advance};
use super::medium::Source;
use crate::gathers::{Gathers, GathersShapeError};
use crate::gpu::{Buffer, WORKGROUPS};

/// Columns and rows of a workgroup: 256 invocations, the most that every adapter offers.
pub(super) const WORKGROUP: (u32, u32) = (32, 8);

/// Time steps between two waits for the GPU, after which the caller is told and may stop.
const STEPS_PER_WAIT: usize = 50;

/// Why the GPU gave no gathers.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The device runs no GPU kernels.
    #[error("the device {device} is not a GPU")]
    NotAGpu {
        /// The device.
        device: String,
    },
    /// More than a dispatch can hold.
    #[error("a simulation of {count} {what} does not fit in a GPU dispatch; the limit is {limit}")]
    TooLarge {
        /// `rows`, `columns` or `shots`.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many fit.
        limit: usize,
    },
    /// The caller asked to stop.
    #[error("the simulation was cancelled")]
    Cancelled,
    /// The GPU or its driver failed.
    #[error("the GPU failed: {0}")]
    Device(#[from] ServerError),
    /// Media that cannot be simulated together.
    #[error("media that are simulated together need one survey and maps of one size")]
    Unlike,
    /// The GPU returned another number of samples than it was asked for.
    #[error("the GPU returned damaged gathers: {0}")]
    Damaged(#[from] GathersShapeError),
}

/// The compute client of a GPU device, shared with the tensors on it.
///
/// # Errors
/// [`GpuError::NotAGpu`] when the device runs no GPU kernels.
pub fn client(device: &Device) -> Result<Client, GpuError> {
    match device.as_dispatch() {
        DispatchDevice::Cube(device) => Ok(device.client()),
        _ => Err(GpuError::NotAGpu { device: format!("{device:?}") }),
    }
}

/// A medium on the GPU, ready to be simulated.
pub struct GpuSimulator {
    pub(super) client: Client,
    /// The medium, or the first of the [`GpuBatch`].
    pub(super) medium: Medium<f32>,
    /// Number of media.
    media: usize,
    pub(super) alpha: Buffer,
    pub(super) carry: Buffer,
    pub(super) positions: Buffer,
    pub(super) signature: Buffer,
}

/// The two fields of every shot that the next ones follow from.
pub(super) struct Fields {
    pub(super) before: Buffer,
    pub(super) now: Buffer,
}

impl GpuSimulator {
    /// Copies a medium to the GPU.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] when it does not fit in a dispatch.
    pub fn new(client: Client, medium: &Medium<f32>) -> Result<Self, GpuError> {
        Self::of(client, medium, &[medium])
    }

    /// Copies `media` to the GPU, all of the survey and the size of `first`.
    fn of(client: Client, first: &Medium<f32>, media: &[&Medium<f32>]) -> Result<Self, GpuError> {
        let Medium { rows, columns, .. } = *first;
        for (what, count, limit) in [
            ("columns", columns, WORKGROUPS * WORKGROUP.0 as usize),
            ("rows", rows, WORKGROUPS * WORKGROUP.1 as usize),
            ("shots", first.shots(), WORKGROUPS * WORKGROUP.0 as usize),
            ("media", media.len(), WORKGROUPS),
        ] {
            if count > limit {
                return Err(GpuError::TooLarge { what, count, limit });
            }
        }
        let alpha =
            media.iter().flat_map(|medium| (0..rows).flat_map(move |z| &medium.alpha[medium.index(z, 0)..][..columns]));
        let alpha: Vec<f32> = alpha.copied().collect();
        let carry: Vec<f32> =
            media.iter().flat_map(|medium| medium.carry_x.iter().chain(&medium.carry_z)).copied().collect();
        let signature: Vec<f32> = media.iter().flat_map(|medium| signature(medium)).collect();
        Ok(Self {
            alpha: Buffer::upload(&client, &alpha),
            carry: Buffer::upload(&client, &carry),
            positions: Buffer::upload(&client, &positions(first)),
            signature: Buffer::upload(&client, &signature),
            client,
            medium: first.clone(),
            media: media.len(),
        })
    }

    /// Shot gathers of the survey.
    ///
    /// `progress` is told the number of time steps done now and then, and stops the simulation by answering
    /// [`ControlFlow::Break`].
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] when `progress` says so; [`GpuError::Device`] when the GPU fails.
    pub async fn simulate(&self, progress: impl FnMut(usize) -> ControlFlow<()>) -> Result<Gathers, GpuError> {
        let [shots, samples, receivers] = self.shape();
        Ok(Gathers::new(shots, samples, receivers, self.record(progress).await?)?)
    }

    /// Shot gathers of the survey; waits for the GPU.
    ///
    /// # Errors
    /// [`GpuError::Device`] when the GPU fails.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn simulate_blocking(&self) -> Result<Gathers, GpuError> {
        cubecl::future::block_on(self.simulate(|_| ControlFlow::Continue(())))
    }

    /// Shots, samples and receivers of a medium's gathers.
    pub(super) fn shape(&self) -> [usize; 3] {
        [self.medium.shots(), self.medium.samples(), self.medium.receivers()]
    }

    /// The gathers of every medium, one after the other.
    async fn record(&self, mut progress: impl FnMut(usize) -> ControlFlow<()>) -> Result<Vec<f32>, GpuError> {
        let mut fields = self.silence();
        let gathers = self.recorder();
        // A step records the sample before it, so the last sample takes one more.
        for step in 0..=self.medium.samples() {
            fields = self.advance(fields, &gathers, step);
            self.wait(step, &mut progress).await?;
        }
        self.read(gathers).await
    }

    /// Fields of silence, every shot's.
    pub(super) fn silence(&self) -> Fields {
        let silent = vec![0.0; self.media * self.medium.shots() * self.medium.cells()];
        let [before, now] = [(); 2].map(|()| Buffer::upload(&self.client, &silent));
        Fields { before, now }
    }

    /// Room for the gathers.
    pub(super) fn recorder(&self) -> Buffer {
        Buffer::empty::<f32>(&self.client, self.media * self.shape().iter().product::<usize>())
    }

    /// Waits for the GPU now and then, and tells the caller.
    pub(super) async fn wait(
        &self,
        step: usize,
        progress: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), GpuError> {
        if step > 0 && step.is_multiple_of(STEPS_PER_WAIT) {
            self.client.sync().await?;
            if progress(step).is_break() {
                return Err(GpuError::Cancelled);
            }
        }
        Ok(())
    }

    /// The values of a buffer.
    pub(super) async fn read(&self, buffer: Buffer) -> Result<Vec<f32>, GpuError> {
        Ok(match self.client.read_async(vec![buffer.handle.clone()]).await?.first() {
            // Allocations are rounded up, and all of one is read.
            Some(bytes) => f32::from_bytes(bytes).iter().take(buffer.len).copied().collect(),
            None => Vec::new(),
        })
    }

    /// Submits one time step, which also records the sample before it. The new fields take the place of `before`.
    pub(super) fn advance(&self, Fields { before, now }: Fields, gathers: &Buffer, step: usize) -> Fields {
        // SAFETY: the buffers have the sizes that the kernel states for this grid.
        #[expect(unsafe_code, reason = "the kernel's positions are within its buffers, as it says")]
        unsafe {
            advance::launch_unchecked(
                &self.client,
                self.workgroups(),
                CubeDim::new_2d(WORKGROUP.0, WORKGROUP.1),
                self.alpha.argument(),
                self.carry.argument(),
                self.positions.argument(),
                self.signature.argument(),
                now.argument(),
                before.argument(),
                gathers.argument(),
                self.grid(),
                step,
                self.medium.free_surface,
            );
        }
        Fields { before: now, now: before }
    }

    /// Workgroups of a unit for every cell of every medium.
    pub(super) fn workgroups(&self) -> CubeCount {
        let Medium { rows, columns, .. } = self.medium;
        let (across, down) = ((columns as u32).div_ceil(WORKGROUP.0), (rows as u32).div_ceil(WORKGROUP.1));
        CubeCount::Static(across, down, self.media as u32)
    }

    pub(super) fn grid(&self) -> GridLaunch {
        let Medium { rows, columns, sponge, .. } = self.medium;
        GridLaunch::new(rows, columns, sponge, self.medium.shots(), self.medium.samples(), self.medium.receivers())
    }
}

/// Cells of the sources, then of the receivers.
fn positions(medium: &Medium<f32>) -> Vec<u32> {
    let sources = medium.sources.iter().map(|source| (source.z, source.x));
    sources.chain(medium.receivers.iter().copied()).map(|(z, x)| (z * medium.columns + x) as u32).collect()
}

/// What each source adds at each step, (shots, samples).
fn signature(medium: &Medium<f32>) -> Vec<f32> {
    let adds = |source: &Source<f32>| {
        let gain = source.gain;
        medium.wavelet.iter().map(move |s| gain * s)
    };
    medium.sources.iter().flat_map(adds).collect()
}

/// Media of one survey and one size on the GPU, ready to be simulated together: a single one of OpenFWI's survey leaves most
/// of a large GPU idle.
pub struct GpuBatch(GpuSimulator);

impl GpuBatch {
    /// Copies media to the GPU.
    ///
    /// # Errors
    /// [`GpuError::Unlike`] when there are none, or not of one survey and one size; [`GpuError::TooLarge`] when they do not
    /// fit in a dispatch.
    pub fn new(client: Client, media: &[Medium<f32>]) -> Result<Self, GpuError> {
        let first = media.first().ok_or(GpuError::Unlike)?;
        let alike = |medium: &Medium<f32>| {
            let grid = |medium: &Medium<f32>| (medium.rows, medium.columns, medium.sponge, medium.free_surface);
            grid(medium) == grid(first) && positions(medium) == positions(first) && medium.wavelet == first.wavelet
        };
        if !media.iter().all(alike) {
            return Err(GpuError::Unlike);
        }
        Ok(Self(GpuSimulator::of(client, first, &media.iter().collect::<Vec<_>>())?))
    }

    /// Shot gathers of each medium; `progress` as for [`GpuSimulator::simulate`].
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] when `progress` says so; [`GpuError::Device`] when the GPU fails.
    pub async fn simulate(&self, progress: impl FnMut(usize) -> ControlFlow<()>) -> Result<Vec<Gathers>, GpuError> {
        let [shots, samples, receivers] = self.0.shape();
        let values = self.0.record(progress).await?;
        let gathers = values.chunks(shots * samples * receivers);
        Ok(gathers.map(|values| Gathers::new(shots, samples, receivers, values.to_vec())).collect::<Result<_, _>>()?)
    }

    /// Shot gathers of each medium; waits for the GPU.
    ///
    /// # Errors
    /// [`GpuError::Device`] when the GPU fails.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn simulate_blocking(&self) -> Result<Vec<Gathers>, GpuError> {
        cubecl::future::block_on(self.simulate(|_| ControlFlow::Continue(())))
    }
}
