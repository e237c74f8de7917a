//! Shot gathers of many maps: on all cores, or on a GPU.

use anyhow::Result;
use burn::tensor::Device;
use rayon::prelude::*;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

/// Maps simulated between two writes: enough to occupy every core, few enough to keep in memory.
pub const BATCH: usize = 32;

/// Cells of all shots that a GPU simulates together, if one map has no more: those of eight maps of OpenFWI's, whose fields
/// fit in the cache of a large GPU.
#[cfg(any(feature = "vulkan", feature = "cuda"))]
const GPU_CELLS: usize = 4_000_000;

/// Gathers of each map, all of one size, in their order: on all cores, or on the device if it is a GPU. `done` is told the
/// number of maps that are done since it was told last.
///
/// # Errors
/// When the survey cannot be run on a map, or the GPU fails.
#[cfg_attr(not(any(feature = "vulkan", feature = "cuda")), expect(unused_variables, reason = "no GPU is built in"))]
pub fn simulate(
    device: &Device,
    survey: &Survey,
    maps: &[VelocityMap],
    done: impl Fn(usize) + Sync,
) -> Result<Vec<Gathers>> {
    #[cfg(any(feature = "vulkan", feature = "cuda"))]
    if let Ok(client) = wave::gpu::client(device) {
        let media = maps.par_iter().map(|map| wave::Medium::new(survey, map)).collect::<Result<Vec<_>, _>>()?;
        let each = media.first().map_or(1, |medium| medium.cells() * medium.shots());
        let mut gathers = Vec::with_capacity(maps.len());
        for media in media.chunks((GPU_CELLS / each).max(1)) {
            gathers.extend(wave::gpu::GpuBatch::new(client.clone(), media)?.simulate_blocking()?);
            done(media.len());
        }
        return Ok(gathers);
    }
    maps.par_iter()
        .map(|map| {
            let gathers = wave::simulate(survey, map)?;
            done(1);
            Ok(gathers)
        })
        .collect()
}
