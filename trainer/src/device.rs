//! Where the networks are computed.

use std::num::NonZeroUsize;

#[cfg(feature = "vulkan")]
use anyhow::Context;
use anyhow::Result;
use burn::prelude::*;
use clap::ValueEnum;

/// A device by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceArg {
    /// The processor, with burn's Flex backend
    Cpu,
    /// A GPU through Vulkan; needs the cargo feature `vulkan`
    Vulkan,
    /// An NVIDIA GPU through CUDA; needs the cargo feature `cuda`
    Cuda,
}

impl DeviceArg {
    /// The device.
    ///
    /// # Errors
    /// When the program was built without it, or the machine has none.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Device::wgpu_options()
                .graphics_api(burn::tensor::wgpu::WgpuBackend::Vulkan)
                .init()
                .context("no Vulkan device can be used; it takes libvulkan.so.1 and the driver of a GPU"),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0)),
            #[cfg(not(all(feature = "vulkan", feature = "cuda")))]
            other => {
                let name = if other == Self::Vulkan { "vulkan" } else { "cuda" };
                anyhow::bail!(
                    "this program was built without {name}; build it with `--features {name}`, or use `--device cpu`"
                )
            }
        }
    }

    /// Parts that a batch is best split into: one a core on the processor, one elsewhere.
    pub fn replicas(self) -> usize {
        match self {
            Self::Cpu => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            Self::Vulkan | Self::Cuda => 1,
        }
    }
}
