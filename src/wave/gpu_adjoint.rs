//! The transposed derivative on the GPU; its CPU twin is in `adjoint.rs`.

use std::ops::ControlFlow;

use cubecl::prelude::*;

use super::adjoint::kept_every;
use super::gpu::{Buffer, Fields, GpuError, GpuSimulator, WORKGROUP};
use super::kernel::{advance_adjoint, correlate, inject};
use crate::gathers::Gathers;

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
                states.push(fields.clone());
            }
            fields = self.advance(fields, &gathers, step);
            self.wait(step, &mut progress).await?;
        }

        let mut adjoint = self.silence();
        let gradient = self.silence().now;
        while let Some(state) = states.pop() {
            let first = states.len() * every;
            let last = samples.min(first + every) - 1;
            let mut passed = vec![state];
            for step in first..last {
                let next = self.advance(passed[step - first].clone(), &gathers, step);
                passed.push(next);
            }
            for step in (first..=last).rev() {
                adjoint = self.advance_adjoint(adjoint, &residuals, step);
                self.correlate(&adjoint.now, &passed[step - first].now, &gradient, step);
                self.wait(2 * samples - step, &mut progress).await?;
            }
        }
        Ok(self.to_map(&self.read(gradient).await?))
    }

    /// Submits one time step of the adjoint fields.
    fn advance_adjoint(&self, Fields { before, now }: Fields, residuals: &Buffer, step: usize) -> Fields {
        let next = Buffer::empty::<f32>(&self.client, self.medium.shots() * self.medium.cells());
        advance_adjoint::launch(
            &self.client,
            self.workgroups(),
            CubeDim::new_2d(WORKGROUP.0, WORKGROUP.1),
            self.alpha.argument(),
            self.carry.argument(),
            now.argument(),
            before.argument(),
            next.argument(),
            self.grid(),
            self.medium.free_surface,
        );
        inject::launch(
            &self.client,
            CubeCount::Static((self.medium.shots() as u32).div_ceil(WORKGROUP.0), 1, 1),
            CubeDim::new_1d(WORKGROUP.0),
            self.alpha.argument(),
            self.positions.argument(),
            residuals.argument(),
            next.argument(),
            self.grid(),
            step,
        );
        Fields { before: now, now: next }
    }

    /// Submits what one time step contributes to the gradient.
    fn correlate(&self, adjoint: &Buffer, now: &Buffer, gradient: &Buffer, step: usize) {
        correlate::launch(
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

    /// The gradient with respect to the velocity map, from that with respect to `alpha`, times `alpha`, of each shot.
    fn to_map(&self, gradient: &[f32]) -> Vec<f32> {
        let medium = &self.medium;
        let shots = gradient.chunks_exact(medium.cells()).map(|shot| {
            let mut padded = vec![0.0; medium.alpha.len()];
            for (z, row) in shot.chunks_exact(medium.columns).enumerate() {
                let start = medium.index(z, 0);
                padded[start..start + medium.columns].copy_from_slice(row);
            }
            medium.per_alpha(padded)
        });
        medium.fold(shots)
    }
}
