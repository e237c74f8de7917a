//! The values that cross between Rust and JavaScript. Their TypeScript declarations are made from these types.

use js_sys::Float32Array;
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

/// What to generate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenerateRequest {
    /// Name of the family; any family without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub family: Option<String>,
    /// Fixes the noise that the pair is made of.
    pub seed: u64,
    /// Another seed, towards whose noise that noise is turned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub toward: Option<Toward>,
    /// Denoising steps.
    pub steps: usize,
    /// Strength of the classifier-free guidance; 1 is none. Computed with in single precision, and told as it was given.
    pub guidance: f64,
    /// Whether the pair of every step is simulated and compared too.
    pub path: bool,
    /// Whether every step's event shows the pair that the latent then decodes into; `true` unless given. Without, a pair
    /// that is not watched while it forms is ready sooner.
    #[serde(default = "shown")]
    #[tsify(optional)]
    pub preview: bool,
}

/// Steps are shown unless the request says otherwise.
fn shown() -> bool {
    true
}

/// A way to the noise of another seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Tsify)]
#[serde(deny_unknown_fields)]
pub struct Toward {
    /// The other seed.
    pub seed: u64,
    /// How much of the way, 0 to 1.
    pub fraction: f64,
}

/// How to invert gathers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvertRequest {
    /// Number of velocity maps: the first decodes the gathers' latent as it is.
    pub samples: usize,
    /// How far towards noise and back the latent of each other map goes, above 0 and up to 1.
    pub spread: f32,
    /// Fixes the noise.
    pub seed: u64,
    /// Denoising steps.
    pub steps: usize,
    /// Rounds of refinement by the wave equation before the other maps are drawn, fewer where the gathers are explained
    /// sooner; none unless given.
    #[serde(default)]
    #[tsify(optional)]
    pub rounds: usize,
}

/// Where a map of an inversion comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// It decodes the latent of the gathers as the encoder reads it.
    Encoded,
    /// It decodes that latent after another round of refinement.
    Refined,
    /// It came back from noise near the last of these.
    Sampled,
}

/// A network that can be run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum Network {
    /// The flow's velocity at noisy latents.
    Denoiser,
    /// Latents to normalised velocity maps.
    VelocityDecoder,
    /// Latents to log amplitudes.
    SeismicDecoder,
}

/// A stage of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Denoising the latent.
    Sample,
    /// The last step's latent to velocity map and gathers, as far as that step has not decoded it.
    Decode,
    /// Velocity map to gathers, by the wave equation.
    Simulate,
    /// Generated against simulated gathers.
    Compare,
}

/// What the engine reports while it works.
#[derive(Clone, Debug, Serialize, Tsify)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EngineEvent {
    /// A denoising step is done.
    Step {
        /// The step, from 1.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// The pair that the latent now decodes into, if it was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[tsify(optional)]
        preview: Option<Preview>,
        /// How far that pair is from the wave equation, if it was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[tsify(optional)]
        deviation: Option<f64>,
        /// Time that the step took, with decoding and, where asked for, simulation.
        milliseconds: f64,
    },
    /// A stage is done.
    Stage {
        /// Which.
        stage: Stage,
        /// Time that it took.
        milliseconds: f64,
    },
    /// The simulation of a map whose prediction was asked for is done.
    Simulated {
        /// The gathers, (shots, samples, receivers), raw amplitudes.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        #[tsify(type = "Float32Array")]
        gathers: Float32Array,
    },
    /// A map of an inversion is done.
    Inverted {
        /// Its number, from 0.
        index: usize,
        /// Maps in all, if no round of refinement is saved.
        samples: usize,
        /// Where it comes from.
        origin: Origin,
        /// The map, (nz, nx), m/s.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        #[tsify(type = "Float32Array")]
        velocity: Float32Array,
        /// How far its simulated gathers are from those that were inverted: relative L2.
        misfit: f64,
        /// Mean absolute error, m/s, where the truth is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[tsify(optional)]
        error: Option<f64>,
        /// Time that it took, simulation and all.
        milliseconds: f64,
    },
    /// A round of refinement goes on.
    Refining {
        /// Number of the map that comes of it: the first round's is 1.
        index: usize,
        /// Maps in all, if no round is saved.
        samples: usize,
        /// Steps that it has taken.
        done: usize,
        /// Steps that it takes.
        total: usize,
    },
    /// The simulation goes on.
    Simulating {
        /// Time steps done.
        done: usize,
        /// Time steps in all.
        total: usize,
    },
}

/// The pair that a latent decodes into on its way.
#[derive(Clone, Debug, Serialize, Tsify)]
pub struct Preview {
    /// Velocity map, (nz, nx), m/s.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub velocity: Float32Array,
    /// Gathers, (shots, modelSamples, receivers), raw amplitudes.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub gathers: Float32Array,
}

/// Shape and axes of the pairs that the weights generate.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct PairShape {
    /// Rows of the velocity map.
    pub nz: usize,
    /// Columns of the velocity map.
    pub nx: usize,
    /// Cell size in metres.
    pub spacing: f64,
    /// Shots.
    pub shots: usize,
    /// Time samples of a pair's gathers.
    pub samples: usize,
    /// Time between them in seconds.
    pub dt: f64,
    /// Receivers of each shot.
    pub receivers: usize,
    /// Column of each shot's source.
    pub sources_x: Vec<usize>,
    /// Time samples of the gathers of a denoising step.
    pub model_samples: usize,
    /// Time between them in seconds.
    pub model_dt: f64,
}

/// The deviation after a denoising step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Tsify)]
pub struct PathPoint {
    /// The step, from 1.
    pub step: usize,
    /// Its pair's deviation.
    pub deviation: f64,
}

/// What a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Tsify)]
pub struct Timing {
    /// The stage.
    pub stage: Stage,
    /// Its time.
    pub milliseconds: f64,
}

/// A generated pair and the verdict of the wave equation.
#[derive(Clone, Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// What was asked for.
    pub request: GenerateRequest,
    /// Where it was computed.
    pub backend: Backend,
    /// Velocity map, (nz, nx), m/s.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub velocity: Float32Array,
    /// Generated gathers, (shots, samples, receivers), raw amplitudes.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub generated: Float32Array,
    /// Gathers simulated on the velocity map, in the same shape.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub simulated: Float32Array,
    /// Generated minus simulated.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub difference: Float32Array,
    /// Relative L2 distance of the generated from the simulated gathers.
    pub deviation: f64,
    /// Structural similarity of the normalised gathers.
    pub ssim: f64,
    /// Mean squared error of the normalised gathers.
    pub mse: f64,
    /// Whether the deviation is within the 90th percentile of the floor.
    pub consistent: bool,
    /// Median deviation of held-out true pairs after encoding and decoding.
    pub floor_median: f64,
    /// Its 90th percentile.
    pub floor_p90: f64,
    /// Median deviation of mismatched pairs.
    pub ceiling_median: f64,
    /// Deviation after each denoising step, if it was asked for.
    pub path: Vec<PathPoint>,
    /// Time of each stage.
    pub timings: Vec<Timing>,
}

/// Velocity maps that may have given some gathers.
#[derive(Clone, Debug, Serialize, Tsify)]
pub struct Inversion {
    /// How it was asked for.
    pub request: InvertRequest,
    /// The maps, those on the way to the refined one among them, (maps, nz, nx), m/s.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub velocities: Float32Array,
    /// What the wave equation makes of each, (maps, shots, time samples, receivers), raw amplitudes.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub simulated: Float32Array,
    /// How far that is from the gathers that were inverted, map by map: relative L2.
    pub misfits: Vec<f64>,
    /// Mean of the maps but those on the way, (nz, nx), m/s.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub mean: Float32Array,
    /// Their standard deviation.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub spread: Float32Array,
}

/// What the model expects of a velocity map, and the verdict of the wave equation.
#[derive(Clone, Debug, Serialize, Tsify)]
pub struct Prediction {
    /// Gathers that the model expects, (shots, samples, receivers), raw amplitudes.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub generated: Float32Array,
    /// Gathers simulated on the map, in the same shape.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub simulated: Float32Array,
    /// The former minus the latter.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub difference: Float32Array,
    /// Relative L2 distance of the expected from the simulated gathers.
    pub deviation: f64,
    /// Structural similarity of the normalised gathers.
    pub ssim: f64,
    /// Mean squared error of the normalised gathers.
    pub mse: f64,
    /// Whether the deviation is within the 90th percentile of the floor.
    pub consistent: bool,
}

/// The pressure of one shot in the ground, in equal steps of time.
#[derive(Clone, Debug, Serialize, Tsify)]
pub struct Wavefield {
    /// Number of frames.
    pub frames: usize,
    /// Rows.
    pub nz: usize,
    /// Columns.
    pub nx: usize,
    /// Time steps of the simulation from a frame to the next.
    pub every: usize,
    /// Pressure, (frames, nz, nx).
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub values: Float32Array,
}
