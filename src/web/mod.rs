//! What JavaScript sees: the adapter probe, the engine, typed errors.
//!
//! The engine lives in a dedicated Web Worker. Nothing here blocks and nothing panics on bad input: every failure
//! reaches JavaScript as an `EngineError` with a stable `code` and a sentence.

mod constructors;
mod control;
mod engine;
mod error;
mod gpu;
mod invert;
mod network;
mod probe;
mod report;
mod simulate;
mod tasks;
mod types;
mod warm_up;

pub use constructors::run_constructors;
pub use engine::Engine;
pub use error::{EngineError, ErrorCode};
pub use probe::probe;
pub use types::{
    Backend, EngineEvent, GenerateRequest, Inversion, InvertRequest, Network, Pair, PairShape, PathPoint, Prediction,
    Probe, Stage, Timing, Toward, Wavefield,
};

use wasm_bindgen::prelude::wasm_bindgen;

/// Sends panic messages, which are bugs, to the console. Runs when the module is instantiated.
#[wasm_bindgen(start)]
fn start() {
    run_constructors();
    console_error_panic_hook::set_once();
}
