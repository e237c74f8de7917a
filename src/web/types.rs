//! The values that cross between Rust and JavaScript; their TypeScript declarations are made from these.

use serde::{Deserialize, Serialize};
use tsify::Tsify;

/// Where the networks and the simulator run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The GPU, through the browser's WebGPU.
    WebGpu,
    /// The processor, with WebAssembly SIMD.
    Flex,
}

/// What the probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Whether the engine can run on WebGPU.
    pub webgpu: bool,
    /// Why it cannot, as one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub reason: Option<String>,
    /// The adapter's name, as far as the browser tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub adapter: Option<String>,
    /// Whether the adapter is a program rather than a GPU, such as SwiftShader or llvmpipe.
    pub software: bool,
}
