//! Errors that cross to JavaScript.

use std::fmt::Display;

use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::{JsCast, JsValue};

/// What went wrong, as a stable string that a page may switch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// A request or an argument makes no sense; the message names the value and what is accepted.
    BadRequest,
    /// A file is no .npy, is truncated, or holds an array of another shape than the weights take.
    BadFile,
    /// The manifest is not JSON, lacks a field, or describes something that this version cannot run.
    BadManifest,
    /// The weights are truncated, corrupted, or of another architecture than the manifest says.
    BadWeights,
    /// WebGPU was asked for and cannot be used; the message says why.
    WebgpuUnavailable,
    /// The browser took the GPU device away; load the engine again.
    DeviceLost,
    /// The GPU refused an operation.
    GpuError,
    /// `cancel` was called.
    Cancelled,
    /// The engine is still working on another request.
    Busy,
    /// The event callback threw.
    CallbackFailed,
    /// A fault of the engine.
    Internal,
}

/// An error as JavaScript receives it: an `Error` with a `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct EngineError {
    /// What went wrong.
    pub code: ErrorCode,
    /// One sentence for a reader.
    pub message: String,
}

impl EngineError {
    /// An error with `message` as its sentence.
    pub fn new(code: ErrorCode, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl ErrorCode {
    /// Turns an error into an [`EngineError`] of this code: `.map_err(ErrorCode::BadRequest.wrap())`.
    pub(crate) fn wrap<E: Display>(self) -> impl Fn(E) -> EngineError {
        move |error| EngineError::new(self, error)
    }
}

impl From<EngineError> for JsValue {
    fn from(error: EngineError) -> Self {
        let js = js_sys::Error::new(&error.message);
        js.set_name("EngineError");
        // Setting a property of a fresh object cannot fail, and the code is a plain string.
        if let Ok(code) = serde_wasm_bindgen::to_value(&error.code) {
            let _ = js_sys::Reflect::set(&js, &"code".into(), &code);
        }
        js.unchecked_into()
    }
}
