//! The transposed derivative on the GPU; its CPU twin is in `adjoint.rs`.

use std::ops::ControlFlow;

use cubecl::prelude::*;

use super::adjoint::kept_every;
use super::gpu::{Fields, GpuError, GpuSimulator, WORKGROUP};
use super::kernel::{advance_adjoint, copy, correlate, inject};
use crate::gathers::Gathers;
use crate::gpu::Buffer;

impl GpuSimulator {
    /// What each cell of the velocity map, (nz, nx) row-major, would change in the inner product of the gathers with
    /// `residuals`: see [`Medium::adjoint`](super::Medium::adjoint).
    ///
    /// Fields are kept and computed again as on the CPU: GPU memory for about `2 sqrt(2 n)` fields of every shot for `n`
    /// time steps. `progress` is told the number of time steps done, forwards and backwards, and may stop the run.
    ///
    /// # Errors
    /// [`GpuError::Cancelled`] when `progress` says so; [`GpuError::Device`] when the GPU fails.
    ///
    /// # Panics
    /// When `residuals` are not of the survey's shape.
    pub async fn adjoint(
        &self,
        residuals: &Gathers,
        mut progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Vec<f32>, GpuError> {
        let medium = &self.medium;
        let samples = medium.samples();
        let expected = [medium.shots(), samples, medium.receivers()];
        assert_eq!(residuals.shape(), expected, "gathers of (shots, samples, receivers)");
        let residuals = Buffer::upload(&self.client, residuals.values());
        let gathers = self.recorder();
        let every = kept_every(samples);

        let mut states = Vec::new();
        let mut fields = self.silence();
        for step in 0..samples {
            if step.is_multiple_of(every) {
                states.push(Fields { before: self.copy(&fields.before), now: self.copy(&fields.now) });
            }
            fields = self.advance(fields, &gathers, step);
            self.wait(step, &mut progress).await?;
        }

        let mut adjoint = self.silence();
        let gradient = Buffer::upload(&self.client, &vec![0.0; medium.cells()]);
        while let Some(state) = states.pop() {
            let first = states.len() * every;
            let last = samples.min(first + every) - 1;
            let mut passed = vec![state.now.clone()];
            let mut fields = state;
            for step in first..last {
                // A step writes over the fields before it, which are still needed.
                let before = self.copy(&fields.before);
                fields = self.advance(Fields { before, ..fields }, &gathers, step);
                passed.push(fields.now.clone());
            }
            for step in (first..=last).rev() {
                adjoint = self.advance_adjoint(adjoint, &residuals, step);
                self.correlate(&adjoint.now, &passed[step - first], &gradient, step);
                self.wait(2 * samples - step, &mut progress).await?;
            }
        }
        Ok(self.to_map(&self.read(gradient).await?))
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

    /// Submits what one time step contributes to the gradient.
    fn correlate(&self, adjoint: &Buffer, now: &Buffer, gradient: &Buffer, step: usize) {
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
                adjoint.argument(),
                now.argument(),
                gradient.argument(),
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

    /// The gradient with respect to the velocity map, from that with respect to `alpha`, times `alpha`.
    fn to_map(&self, gradient: &[f32]) -> Vec<f32> {
        let medium = &self.medium;
        let mut padded = vec![0.0; medium.alpha.len()];
        for (z, row) in gradient.chunks_exact(medium.columns).enumerate() {
            let start = medium.index(z, 0);
            padded[start..start + medium.columns].copy_from_slice(row);
        }
        medium.fold(std::iter::once(medium.per_alpha(padded)))
    }
}
