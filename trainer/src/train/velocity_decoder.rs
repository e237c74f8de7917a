//! First stage, between the velocity half and the seismic side: the velocity decoder goes on alone, for sharp interfaces.

use std::path::Path;

use anyhow::Result;
use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use wavediffusion::model::PatchDecoder;

use super::config::VelocityDecoderConfig;
use super::maps::EndlessMaps;
use super::parts::{VelocityHalf, perturbed};
use super::run::{Figures, Loss, Objective, figure};
use super::validation::HeldOut;

/// The decoder learns to read the codes of a latent that stays as it is.
pub struct VelocityDecoderObjective<'a> {
    config: &'a VelocityDecoderConfig,
    maps: EndlessMaps,
    held_out: &'a HeldOut,
    /// Without gradients.
    velocity: &'a VelocityHalf,
}

impl<'a> VelocityDecoderObjective<'a> {
    /// Minimises the errors of `maps`, validates on `held_out`.
    pub fn new(
        config: &'a VelocityDecoderConfig,
        maps: EndlessMaps,
        held_out: &'a HeldOut,
        velocity: &'a VelocityHalf,
    ) -> Self {
        Self { config, maps, held_out, velocity }
    }
}

impl Objective for VelocityDecoderObjective<'_> {
    type Model = PatchDecoder;
    type Statistics = ();

    fn loss(&self, model: &PatchDecoder, _: usize, size: usize, mut random: ChaCha8Rng, device: &Device) -> Loss<()> {
        let velocity = self.maps.velocity(&EndlessMaps::draw(size, &mut random), &device.clone().inner());
        let latent = perturbed(self.velocity.encoder.forward(velocity.clone()), self.config.latent_noise, &mut random);
        let read = self.velocity.quantise(latent).latent.autodiff();
        let error = model.forward(read) - velocity.autodiff();
        let value = error.clone().abs().mean();
        let jumps = jumps(error);
        let figures = vec![figure("velocity", &value), figure("jumps", &jumps)];
        Loss { loss: value + jumps * self.config.jumps, figures, statistics: () }
    }

    fn validate(&self, model: &PatchDecoder, step: usize, directory: &Path) -> Result<Figures> {
        let velocity = VelocityHalf { decoder: model.clone(), ..self.velocity.clone() };
        self.held_out.reconstruct_maps(&velocity, &directory.join(format!("maps-{step:06}.png")))
    }
}

/// Mean absolute difference between neighbouring cells, along depth and along the line.
fn jumps(maps: Tensor<4>) -> Tensor<1> {
    let along = |dim: usize| {
        let last = maps.dims()[dim] - 1;
        (maps.clone().narrow(dim, 1, last) - maps.clone().narrow(dim, 0, last)).abs().mean()
    };
    along(2) + along(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_counted_between_neighbours_in_both_directions() {
        let map = Tensor::<2>::from_data([[0.0, 1.0, 1.0], [3.0, 3.0, 3.0]], &Device::flex()).reshape([1, 1, 2, 3]);
        // Down: 3, 2, 2; across: 1 and three zeros.
        let expected = 7.0 / 3.0 + 1.0 / 4.0;
        assert!((jumps(map).into_scalar::<f32>() - expected).abs() < 1e-6);
    }
}
