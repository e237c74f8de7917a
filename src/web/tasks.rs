//! Taking turns with the worker's event loop.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

use super::error::{EngineError, ErrorCode};

/// Lets the worker handle what has arrived meanwhile, such as a cancellation: a promise alone would not. A message to
/// oneself does it at once, where browsers hold a timer back for 4 ms.
pub(super) async fn next_task() {
    // A host without channels has no tasks to wait for either.
    let Ok(channel) = MessageChannel::new() else { return };
    let (sender, receiver) = (channel.port1(), channel.port2());
    let arrival = Promise::new(&mut |resolve, _| {
        receiver.set_onmessage(Some(&resolve));
        if sender.post_message(&JsValue::NULL).is_err() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    // The promise is never rejected.
    let _ = JsFuture::from(arrival).await;
    receiver.close();
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
