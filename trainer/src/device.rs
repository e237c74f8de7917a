//! Where the networks are computed.

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
    /// When the program was built without it.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Ok(Device::vulkan(Default::default())),
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

    /// Whether this is the processor.
    pub fn is_cpu(self) -> bool {
        self == Self::Cpu
    }
}
