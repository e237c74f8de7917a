//! Weights as safetensors: stored in half precision, computed in single precision.
//!
//! A tensor is named by its path in the module tree, such as `seismic_decoder.transformer.blocks.2.qkv.weight`.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::prelude::*;
use half::f16;
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use thiserror::Error;

/// Why weights cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// Not a safetensors file, or a truncated one.
    #[error("the weights are not a complete safetensors file: {0}")]
    Format(#[from] SafeTensorError),
    /// A tensor that the network needs is not there.
    #[error("the weights lack the tensor `{0}`; they are of another architecture")]
    Missing(String),
    /// A tensor that the network does not know is there.
    #[error("the weights hold the tensor `{0}`, which the network does not have; they are of another architecture")]
    Unknown(String),
    /// A tensor of another shape.
    #[error("the tensor `{name}` has shape {found:?}, the network needs {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape in the network.
        expected: Vec<usize>,
    },
    /// A tensor that is neither f16 nor f32.
    #[error("the tensor `{name}` is {dtype}; weights are F16 or F32")]
    Precision {
        /// Its name.
        name: String,
        /// Its type.
        dtype: String,
    },
    /// A value that is no number.
    #[error("the tensor `{0}` holds a value that is not finite")]
    NotFinite(String),
    /// A tensor could not be read from its device.
    #[error("the tensor `{name}` could not be read from its device: {reason}")]
    Device {
        /// Its name.
        name: String,
        /// What the device said.
        reason: String,
    },
}

/// A tensor's shape and row-major values.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Shape.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

/// Tensors by name.
pub type Weights = BTreeMap<String, Weight>;

/// Reads tensors from a safetensors file's bytes.
///
/// # Errors
/// [`WeightsError`] when the bytes are no complete file of finite f16 or f32 tensors.
pub fn read_weights(bytes: &[u8]) -> Result<Weights, WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    file.iter()
        .map(|(name, view)| {
            let data = view.data();
            let values: Vec<f32> = match view.dtype() {
                Dtype::F16 => data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
                Dtype::F32 => data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
                other => {
                    return Err(WeightsError::Precision { name: name.to_owned(), dtype: format!("{other:?}") });
                }
            };
            if values.iter().any(|v| !v.is_finite()) {
                return Err(WeightsError::NotFinite(name.to_owned()));
            }
            Ok((name.to_owned(), Weight { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

/// Writes tensors as a safetensors file in half precision.
///
/// # Errors
/// [`WeightsError`] when a value does not fit half precision.
pub fn write_weights(weights: &Weights) -> Result<Vec<u8>, WeightsError> {
    let mut halves = Vec::with_capacity(weights.len());
    for (name, weight) in weights {
        let rounded: Vec<f16> = weight.values.iter().map(|&v| f16::from_f32(v)).collect();
        if rounded.iter().any(|v| !v.is_finite()) {
            return Err(WeightsError::NotFinite(name.clone()));
        }
        let bytes: Vec<u8> = rounded.iter().flat_map(|v| v.to_le_bytes()).collect();
        halves.push((name, &weight.shape, bytes));
    }
    let views = halves
        .iter()
        .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F16, (*shape).clone(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    Ok(safetensors::serialize(views, None)?)
}

/// Gathers every weight of a module under `prefix`. Blocks until its device has answered: for native programs.
///
/// # Errors
/// [`WeightsError::Device`] when a tensor cannot be read back.
pub fn collect_weights<M: Module>(module: &M, prefix: &str) -> Result<Weights, WeightsError> {
    struct Collector {
        path: Vec<String>,
        result: Result<Weights, WeightsError>,
    }
    impl ModuleVisitor for Collector {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let name = self.path.join(".");
            let tensor = param.val();
            let shape = tensor.dims().to_vec();
            let read = tensor.inner().try_into_vec_as::<f32>();
            if let Ok(weights) = &mut self.result {
                match read {
                    Ok(values) => {
                        weights.insert(name, Weight { shape, values });
                    }
                    Err(error) => self.result = Err(WeightsError::Device { name, reason: error.to_string() }),
                }
            }
        }
    }
    let mut collector = Collector { path: vec![prefix.to_owned()], result: Ok(Weights::new()) };
    module.visit(&mut collector);
    collector.result
}

/// The module with the weights found under `prefix`, which must be exactly those it has.
///
/// # Errors
/// [`WeightsError`] names the first tensor that is missing, unknown or of another shape.
pub fn load_weights<M: Module>(module: M, prefix: &str, weights: &Weights) -> Result<M, WeightsError> {
    struct Loader<'a> {
        path: Vec<String>,
        weights: &'a Weights,
        names: Vec<String>,
        failure: Option<WeightsError>,
    }
    impl ModuleMapper for Loader<'_> {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let name = self.path.join(".");
            let expected = param.lazy_shape();
            let failure = match self.weights.get(&name) {
                None => WeightsError::Missing(name),
                Some(weight) if weight.shape[..] != expected[..] => {
                    WeightsError::Shape { name, found: weight.shape.clone(), expected: expected[..].to_vec() }
                }
                Some(weight) => {
                    self.names.push(name);
                    let device = param.lazy_device();
                    let data = TensorData::new(weight.values.clone(), weight.shape.clone());
                    return Param::initialized(param.id, Tensor::from_data(data, &device));
                }
            };
            self.failure.get_or_insert(failure);
            param
        }
    }
    let mut loader = Loader { path: vec![prefix.to_owned()], weights, names: Vec::new(), failure: None };
    let module = module.map(&mut loader);
    if let Some(failure) = loader.failure {
        return Err(failure);
    }
    let start = format!("{prefix}.");
    let unknown = weights.keys().find(|name| name.starts_with(&start) && !loader.names.contains(name));
    match unknown {
        Some(name) => Err(WeightsError::Unknown(name.clone())),
        None => Ok(module),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Autoencoder, ModelConfig};

    fn weights() -> Weights {
        collect_weights(&Autoencoder::new(&ModelConfig::tiny(), &Device::flex()), "autoencoder").unwrap()
    }

    fn load(weights: &Weights) -> Result<Autoencoder, WeightsError> {
        load_weights(Autoencoder::new(&ModelConfig::tiny(), &Device::flex()), "autoencoder", weights)
    }

    #[test]
    fn weights_survive_the_file_to_half_precision() {
        let before = weights();
        let after = read_weights(&write_weights(&before).unwrap()).unwrap();
        let loaded = collect_weights(&load(&after).unwrap(), "autoencoder").unwrap();
        assert_eq!(loaded, after);
        for (name, weight) in &before {
            let same =
                weight.values.iter().zip(&after[name].values).all(|(a, b)| (a - b).abs() <= 1e-3 * a.abs() + 1e-6);
            assert!(same, "{name}");
        }
    }

    #[test]
    fn missing_unknown_and_misshapen_tensors_are_named() {
        let good = weights();
        let name = good.keys().next().unwrap().clone();

        let mut bad = good.clone();
        bad.remove(&name);
        assert!(load(&bad).unwrap_err().to_string().contains(&name));

        let mut bad = good.clone();
        bad.insert("autoencoder.extra".to_owned(), good[&name].clone());
        assert!(matches!(load(&bad), Err(WeightsError::Unknown(_))));

        let mut bad = good.clone();
        bad.get_mut(&name).unwrap().shape.push(1);
        assert!(matches!(load(&bad), Err(WeightsError::Shape { .. })));
    }

    #[test]
    fn truncated_files_and_nans_are_refused() {
        let bytes = write_weights(&weights()).unwrap();
        assert!(matches!(read_weights(&bytes[..bytes.len() - 1]), Err(WeightsError::Format(_))));
        let mut bad = weights();
        bad.values_mut().next().unwrap().values[0] = f32::NAN;
        assert!(matches!(write_weights(&bad), Err(WeightsError::NotFinite(_))));
    }
}
