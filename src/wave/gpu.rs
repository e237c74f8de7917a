//! The solver on the GPU.

use std::ops::ControlFlow;

use burn::backend::DispatchDevice;
use burn::tensor::Device;
use cubecl::prelude::*;
use cubecl::server::{Handle, ServerError};
use thiserror::Error;

use super::Medium;
use super::kernel::{GridLaunch, advance};
use super::medium::Source;
use crate::gathers::{Gathers, GathersShapeError};

/// Columns and rows of a workgroup: 256 invocations, the most that every adapter offers.
const WORKGROUP: (u32, u32) = (32, 8);

/// Most workgroups in a dimension of a dispatch.
const WORKGROUPS: usize = 65_535;

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
    client: Client,
    alpha: Buffer,
    carry: Buffer,
    positions: Buffer,
    signature: Buffer,
    rows: usize,
    columns: usize,
    sponge: usize,
    free_surface: bool,
    shots: usize,
    samples: usize,
    receivers: usize,
}

impl GpuSimulator {
    /// Copies a medium to the GPU.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] when it does not fit in a dispatch.
    pub fn new(client: Client, medium: &Medium<f32>) -> Result<Self, GpuError> {
        let Medium { rows, columns, sponge, free_surface, .. } = *medium;
        for (what, count, limit) in [
            ("columns", columns, WORKGROUPS * WORKGROUP.0 as usize),
            ("rows", rows, WORKGROUPS * WORKGROUP.1 as usize),
            ("shots", medium.shots(), WORKGROUPS),
        ] {
            if count > limit {
                return Err(GpuError::TooLarge { what, count, limit });
            }
        }
        let alpha: Vec<f32> = (0..rows).flat_map(|z| &medium.alpha[medium.index(z, 0)..][..columns]).copied().collect();
        let sources = medium.sources.iter().map(|source| source.z * columns + source.x);
        let receivers = medium.receivers.iter().map(|&(z, x)| z * columns + x);
        let positions: Vec<u32> = sources.chain(receivers).map(|cell| cell as u32).collect();
        let adds = |source: &Source<f32>| {
            let gain = source.gain;
            medium.wavelet.iter().map(move |s| gain * s)
        };
        let signature: Vec<f32> = medium.sources.iter().flat_map(adds).collect();
        Ok(Self {
            alpha: Buffer::upload(&client, &alpha),
            carry: Buffer::upload(&client, &[&medium.carry_x[..], &medium.carry_z[..]].concat()),
            positions: Buffer::upload(&client, &positions),
            signature: Buffer::upload(&client, &signature),
            client,
            rows,
            columns,
            sponge,
            free_surface,
            shots: medium.shots(),
            samples: medium.samples(),
            receivers: medium.receivers(),
        })
    }

    /// Shot gathers of the survey.
    ///
    /// `progress` is told the number of time steps done now and then, and stops the simulation by answering
    /// [`ControlFlow::Break`].
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] when `progress` says so; [`GpuError::Device`] when the GPU fails.
    pub async fn simulate(&self, mut progress: impl FnMut(usize) -> ControlFlow<()>) -> Result<Gathers, GpuError> {
        let silent = vec![0.0; self.shots * self.rows * self.columns];
        let mut before = Buffer::upload(&self.client, &silent);
        let mut now = Buffer::upload(&self.client, &silent);
        let gathers = Buffer::empty::<f32>(&self.client, self.shots * self.samples * self.receivers);
        // A step records the sample before it, so the last sample takes one more.
        for step in 0..=self.samples {
            self.advance(&now, &before, &gathers, step);
            std::mem::swap(&mut now, &mut before);
            if step > 0 && step % STEPS_PER_WAIT == 0 {
                self.client.sync().await?;
                if progress(step).is_break() {
                    return Err(GpuError::Cancelled);
                }
            }
        }
        let values = match self.client.read_async(vec![gathers.handle]).await?.first() {
            Some(bytes) => f32::from_bytes(bytes).to_vec(),
            None => Vec::new(),
        };
        Ok(Gathers::new(self.shots, self.samples, self.receivers, values)?)
    }

    /// Shot gathers of the survey; waits for the GPU.
    ///
    /// # Errors
    /// [`GpuError::Device`] when the GPU fails.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn simulate_blocking(&self) -> Result<Gathers, GpuError> {
        cubecl::future::block_on(self.simulate(|_| ControlFlow::Continue(())))
    }

    /// Submits one time step.
    fn advance(&self, now: &Buffer, before: &Buffer, gathers: &Buffer, step: usize) {
        let workgroups = CubeCount::Static(
            (self.columns as u32).div_ceil(WORKGROUP.0),
            (self.rows as u32).div_ceil(WORKGROUP.1),
            self.shots as u32,
        );
        advance::launch(
            &self.client,
            workgroups,
            CubeDim::new_2d(WORKGROUP.0, WORKGROUP.1),
            self.alpha.argument(),
            self.carry.argument(),
            self.positions.argument(),
            self.signature.argument(),
            now.argument(),
            before.argument(),
            gathers.argument(),
            GridLaunch::new(self.rows, self.columns, self.sponge, self.shots, self.samples, self.receivers),
            step,
            self.free_surface,
        );
    }
}

/// An array in GPU memory.
struct Buffer {
    handle: Handle,
    len: usize,
}

impl Buffer {
    fn upload<E: CubeElement>(client: &Client, values: &[E]) -> Self {
        Self { handle: client.create_from_slice(E::as_bytes(values)), len: values.len() }
    }

    fn empty<E: CubeElement>(client: &Client, len: usize) -> Self {
        Self { handle: client.empty(len * size_of::<E>()), len }
    }

    fn argument(&self) -> BufferArg {
        // SAFETY: `len` is the number of elements that the handle was made for.
        #[expect(unsafe_code, reason = "cubecl takes the length of a buffer on trust")]
        unsafe {
            BufferArg::from_raw_parts(self.handle.clone(), self.len)
        }
    }
}
