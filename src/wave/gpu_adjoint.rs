//! The transposed derivative on the GPU; its CPU twin is in `adjoint.rs`.

use std::ops::ControlFlow;

use cubecl::prelude::*;

use super::adjoint::Correlated;
use super::gpu::{Fields, GpuError, GpuSimulator, WORKGROUP};
use super::kernel::{advance_adjoint, copy, correlate, inject};
use crate::gathers::Gathers;
use crate::gpu::Buffer;

impl GpuSimulator {
    /// The survey's gathers, and what each cell of the velocity map, (nz, nx) row-major, would change in their inner product
    /// with the residuals that `residuals` answers to each shot's number and gather: see
    /// [`Medium::differentiate`](super::Medium::differentiate).
    ///
    /// Every `stride`-th field of every shot is kept in GPU memory. `progress` is told the number of time steps done, forwards
    /// and backwards, and may stop the run.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] when `progress` says so; [`GpuError::Device`] when the GPU fails.
    ///
    /// # Panics
    /// When the residuals are not of the gather's shape, or `stride` is 0.
    pub async fn differentiate(
        &self,
        stride: usize,
        residuals: impl Fn(usize, &[f32]) -> Vec<f32>,
        mut progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(Gathers, Vec<f32>), GpuError> {
        let [shots, samples, receivers] = self.shape();
        let recorder = self.recorder();
        let mut kept = Vec::with_capacity(samples.div_ceil(stride));
        let mut fields = self.silence();
        // A step records the sample before it, so the last sample takes one more.
        for step in 0..=samples {
            if step < samples && step.is_multiple_of(stride) {
                kept.push(self.copy(&fields.now));
            }
            fields = self.advance(fields, &recorder, step);
            self.wait(step, &mut progress).await?;
        }
        let gathers = Gathers::new(shots, samples, receivers, self.read(recorder).await?)?;

        let residuals: Vec<f32> = (0..shots).flat_map(|shot| residuals(shot, gathers.shot(shot))).collect();
        assert_eq!(residuals.len(), gathers.values().len(), "residuals of {samples} samples and {receivers} receivers");
        let residuals = Buffer::upload(&self.client, &residuals);
        let mut adjoint = self.silence();
        let sums = [(); 2].map(|()| Buffer::upload(&self.client, &vec![0.0; self.medium.cells()]));
        for step in (0..samples).rev() {
            adjoint = self.advance_adjoint(adjoint, &residuals, step);
            if step.is_multiple_of(stride)
                && let Some(field) = kept.pop()
            {
                self.correlate(&adjoint, &field, &sums, step);
            }
            self.wait(2 * samples - step, &mut progress).await?;
        }
        let [laplacian, change] = sums;
        let sums = Correlated {
            laplacian: self.with_ghosts(&self.read(laplacian).await?),
            change: self.with_ghosts(&self.read(change).await?),
        };
        Ok((gathers, self.medium.fold(&sums, stride)))
    }

    /// Submits one time step of the adjoint fields. The new ones take the place of `before`.
    fn advance_adjoint(&self, Fields { before, now }: Fields, residuals: &Buffer, step: usize) -> Fields {
        // SAFETY: the buffers have the sizes that the kernels state for this grid.
        #[expect(unsafe_code, reason = "the kernels' positions are within their buffers, as they say")]
        unsafe {
            advance_adjoint::launch_unchecked(
                &self.client,
                self.workgroups(),
                CubeDim::new_2d(WORKGROUP.0, WORKGROUP.1),
                self.alpha.argument(),
                self.carry.argument(),
                now.argument(),
                before.argument(),
                self.grid(),
                self.medium.free_surface,
            );
            inject::launch_unchecked(
                &self.client,
                CubeCount::Static((self.medium.shots() as u32).div_ceil(WORKGROUP.0), 1, 1),
                CubeDim::new_1d(WORKGROUP.0),
                self.alpha.argument(),
                self.positions.argument(),
                residuals.argument(),
                before.argument(),
                self.grid(),
                step,
            );
        }
        Fields { before: now, now: before }
    }

    /// Submits what one time step contributes to the sums of [`Correlated`].
    fn correlate(&self, adjoint: &Fields, now: &Buffer, [laplacian, change]: &[Buffer; 2], step: usize) {
        // SAFETY: the buffers have the sizes that the kernel states for this grid.
        #[expect(unsafe_code, reason = "the kernel's positions are within its buffers, as it says")]
        unsafe {
            correlate::launch_unchecked(
                &self.client,
                self.workgroups(),
                CubeDim::new_2d(WORKGROUP.0, WORKGROUP.1),
                self.positions.argument(),
                self.signature.argument(),
                self.alpha.argument(),
                adjoint.now.argument(),
                adjoint.before.argument(),
                now.argument(),
                laplacian.argument(),
                change.argument(),
                self.grid(),
                step,
                self.medium.free_surface,
            );
        }
    }

    /// Submits a copy of every shot's field.
    fn copy(&self, from: &Buffer) -> Buffer {
        let to = Buffer::empty::<f32>(&self.client, self.medium.shots() * self.medium.cells());
        // SAFETY: both buffers have the size that the kernel states for this grid.
        #[expect(unsafe_code, reason = "the kernel's positions are within its buffers, as it says")]
        unsafe {
            copy::launch_unchecked(
                &self.client,
                self.workgroups(),
                CubeDim::new_2d(WORKGROUP.0, WORKGROUP.1),
                from.argument(),
                to.argument(),
                self.grid(),
            );
        }
        to
    }

    /// A value for each cell of the padded grid, (rows, columns), laid out as the CPU's fields.
    fn with_ghosts(&self, cells: &[f32]) -> Vec<f32> {
        let medium = &self.medium;
        let mut padded = vec![0.0; medium.alpha.len()];
        for (z, row) in cells.chunks_exact(medium.columns).enumerate() {
            let start = medium.index(z, 0);
            padded[start..start + medium.columns].copy_from_slice(row);
        }
        padded
    }
}
