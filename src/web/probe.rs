//! Asks the browser whether the engine can run on its WebGPU adapter.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::gpu::Adapter;
use super::types::Probe;

/// Looks at the adapter that the engine would use. Never fails: what is missing is told in `reason`.
#[wasm_bindgen(unchecked_return_type = "Probe")]
pub async fn probe() -> Result<JsValue, JsValue> {
    let probe = match Adapter::request().await {
        Ok(Adapter { name, software, lacking, .. }) => {
            Probe { webgpu: lacking.is_none(), reason: lacking, adapter: Some(name), software }
        }
        Err(error) => Probe { webgpu: false, reason: Some(error.message), adapter: None, software: false },
    };
    Ok(serde_wasm_bindgen::to_value(&probe)?)
}
