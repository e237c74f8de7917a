//! The engine in a browser's dedicated worker.
#![cfg(target_arch = "wasm32")]

use burn::tensor::{Device, Distribution, Tensor};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wavediffusion::web;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn probe_names_the_adapter() {
    let probe = web::probe().await.unwrap();
    let get = |key: &str| js_sys::Reflect::get(&probe, &key.into()).unwrap();
    assert_eq!(get("webgpu").as_bool(), Some(true), "{probe:?}");
    assert!(get("adapter").as_string().is_some_and(|name| !name.is_empty()), "{probe:?}");
    assert!(get("software").as_bool().is_some(), "{probe:?}");
    web_sys::console::log_1(&probe);
}

#[wasm_bindgen_test]
async fn a_matrix_product_on_the_gpu_equals_the_cpus() {
    let cpu = Device::flex();
    let gpu = Device::wgpu_options().init_async().await.unwrap();
    let a = Tensor::<2>::random([64, 48], Distribution::Uniform(-1.0, 1.0), &cpu);
    let b = Tensor::<2>::random([48, 80], Distribution::Uniform(-1.0, 1.0), &cpu);
    let expected = a.clone().matmul(b.clone()).into_data_async().await.unwrap();
    let there = |tensor: Tensor<2>| Tensor::<2>::from_data(tensor.into_data(), &gpu);
    let found = there(a).matmul(there(b)).into_data_async().await.unwrap();
    for (x, y) in expected.iter::<f32>().zip(found.iter::<f32>()) {
        assert!((x - y).abs() < 1e-4, "{x} {y}");
    }
}
