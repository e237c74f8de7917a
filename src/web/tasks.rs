//! Taking turns with the worker's event loop.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::error::{EngineError, ErrorCode};

/// Lets the worker handle what has arrived meanwhile, such as a cancellation: a promise alone would not.
pub(super) async fn next_task() {
    let promise = Promise::new(&mut |resolve, _| {
        let timer = js_sys::Reflect::get(&js_sys::global(), &"setTimeout".into());
        let scheduled = timer
            .and_then(|timer| timer.dyn_into::<Function>())
            .and_then(|timer| timer.call2(&JsValue::UNDEFINED, &resolve, &0.into()));
        if scheduled.is_err() {
            // A host without timers has no tasks to wait for either.
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    // The promise is never rejected.
    let _ = JsFuture::from(promise).await;
}

/// Calls an event callback and awaits what it returns.
///
/// # Errors
/// [`ErrorCode::CallbackFailed`] when it throws.
pub(super) async fn call(callback: &Function, event: &JsValue) -> Result<(), EngineError> {
    let failed = |thrown: JsValue| {
        let text = thrown.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        let reason = text.or_else(|| thrown.as_string()).unwrap_or_else(|| "no reason given".to_owned());
        EngineError::new(ErrorCode::CallbackFailed, format!("The event callback threw: {reason}"))
    };
    let returned = callback.call1(&JsValue::UNDEFINED, event).map_err(failed)?;
    JsFuture::from(Promise::resolve(&returned)).await.map_err(failed)?;
    Ok(())
}
