//! One network at a time, for benchmarks.

use burn::prelude::*;
use js_sys::Float32Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::engine::Engine;
use super::error::{EngineError, ErrorCode};
use super::types::Network;
use crate::model::FamilyLabel;

#[wasm_bindgen]
impl Engine {
    /// What a network makes of latents (batch, tokens, latent width), for benchmarks.
    ///
    /// The denoiser takes them as noisy and halfway to noise, of any family.
    pub async fn evaluate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Network")] network: JsValue,
        latents: Vec<f32>,
    ) -> Result<Float32Array, EngineError> {
        let _busy = self.control.begin()?;
        let network: Network = serde_wasm_bindgen::from_value(network).map_err(ErrorCode::BadRequest.wrap())?;
        let model = &self.model;
        let [tokens, width] = [model.manifest.model.token_count(), model.manifest.model.latent.width()];
        let batch = latents.len() / (tokens * width);
        if batch == 0 || !latents.len().is_multiple_of(tokens * width) {
            let sentence = format!("{} values are no latents of {tokens} x {width} values.", latents.len());
            return Err(EngineError::new(ErrorCode::BadRequest, sentence));
        }
        let latents = Tensor::<3>::from_data(TensorData::new(latents, [batch, tokens, width]), &model.device);
        let output = match network {
            Network::Denoiser => {
                let time = Tensor::full([batch, 1], 0.5, &model.device);
                let labels = model.denoiser.labels(&vec![FamilyLabel::Any; batch], &model.device);
                model.denoiser.forward(latents, time, labels).flatten::<1>(0, 2)
            }
            Network::VelocityDecoder => model.autoencoder.velocity_decoder.forward(latents).flatten(0, 3),
            Network::SeismicDecoder => model.autoencoder.seismic_decoder.forward(latents).flatten(0, 3),
        };
        let data = output.into_data_async().await.map_err(ErrorCode::GpuError.wrap())?;
        let values = data.try_to_vec::<f32>().map_err(ErrorCode::Internal.wrap())?;
        Ok(Float32Array::from(&values[..]))
    }
}
