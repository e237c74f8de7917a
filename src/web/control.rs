//! What a run of the engine reacts to between two pieces of work.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use js_sys::Function;
use wasm_bindgen::JsValue;

use super::error::{EngineError, ErrorCode};
use super::gpu::Gpu;
use super::tasks;
use super::types::EngineEvent;

/// Tells whether the engine is at work, and whether that was called off.
#[derive(Debug, Default)]
pub(super) struct Control {
    busy: Cell<bool>,
    cancelled: Cell<bool>,
}

/// The engine is at work until this is dropped.
#[derive(Debug)]
pub(super) struct Busy<'a>(&'a Control);

impl Control {
    /// Begins a piece of work.
    ///
    /// # Errors
    /// [`ErrorCode::Busy`] when one is under way.
    pub(super) fn begin(&self) -> Result<Busy<'_>, EngineError> {
        if self.busy.replace(true) {
            return Err(EngineError::new(ErrorCode::Busy, "The engine is still working on another request."));
        }
        self.cancelled.set(false);
        Ok(Busy(self))
    }

    /// Calls off what is under way, if anything is.
    pub(super) fn cancel(&self) {
        self.cancelled.set(true);
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.set(false);
    }
}

/// One run: sends events, and remembers why it must end.
pub(super) struct Run<'a> {
    control: &'a Control,
    gpu: Option<&'a Gpu>,
    on_event: &'a Function,
    failure: RefCell<Option<EngineError>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(control: &'a Control, gpu: Option<&'a Gpu>, on_event: &'a Function) -> Self {
        Self { control, gpu, on_event, failure: RefCell::new(None) }
    }

    /// Sends an event, waits until it has been dealt with, and lets messages to the worker in.
    pub(super) async fn report(&self, event: &EngineEvent) -> ControlFlow<()> {
        let sent = match serde_wasm_bindgen::to_value(event) {
            Ok(event) => tasks::call(self.on_event, &event).await,
            Err(error) => Err(EngineError::new(ErrorCode::Internal, error)),
        };
        if let Err(error) = sent {
            self.failure.borrow_mut().get_or_insert(error);
        }
        tasks::next_task().await;
        self.proceed()
    }

    /// Sends an event without waiting.
    pub(super) fn notify(&self, event: &EngineEvent) -> ControlFlow<()> {
        let sent = serde_wasm_bindgen::to_value(event).map_err(JsValue::from);
        if sent.and_then(|event| self.on_event.call1(&JsValue::UNDEFINED, &event)).is_err() {
            let error = EngineError::new(ErrorCode::CallbackFailed, "The event callback threw.");
            self.failure.borrow_mut().get_or_insert(error);
        }
        self.proceed()
    }

    /// Whether the run may go on.
    fn proceed(&self) -> ControlFlow<()> {
        if self.control.cancelled.get() {
            let error = EngineError::new(ErrorCode::Cancelled, "The generation was cancelled.");
            self.failure.borrow_mut().get_or_insert(error);
        }
        let faulty = self.gpu.is_some_and(|gpu| gpu.fault().is_some());
        if faulty || self.failure.borrow().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Why the run ended, where that is known better than by the error it ended with: the GPU's fault comes first,
    /// since it is behind whatever else failed.
    pub(super) async fn failure(&self) -> Option<EngineError> {
        // The browser tells of a lost device in a task of its own.
        tasks::next_task().await;
        self.gpu.and_then(Gpu::fault).or_else(|| self.failure.take())
    }
}
