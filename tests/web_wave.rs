//! The GPU solver against its CPU twin: in a browser's worker and, with the feature `vulkan`, natively.
#![cfg(any(target_arch = "wasm32", feature = "vulkan"))]

use std::ops::ControlFlow;

use burn::tensor::Device;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::{Cell, Signature, Survey, SurveyConfig};
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::Medium;
use wavediffusion::wave::gpu::{GpuBatch, GpuError, GpuSimulator, client};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// f32 on the GPU against f64 on the CPU.
const F32_ROUNDING: f64 = 1e-4;
/// The same for the adjoint, which sums over the time steps of both.
const ADJOINT_ROUNDING: f64 = 1e-3;

/// A small survey of two shots whose waves pass the sponge and the periodic rim, on a grid that fills no workgroup, with
/// gathers that fill no aligned allocation.
fn small_survey(free_surface: bool) -> (Survey, VelocityMap) {
    let (nz, nx) = (9, 21);
    let config = SurveyConfig {
        spacing: 15.0,
        dt: 2e-3,
        samples: 121,
        signature: Signature::Ricker { peak_frequency: 20.0 },
        sources: vec![Cell { z: 1, x: 2 }, Cell { z: 7, x: 18 }],
        receivers: vec![Cell { z: 1, x: 2 }, Cell { z: 8, x: 20 }, Cell { z: 2, x: 11 }],
        sponge: 8,
        free_surface,
    };
    let speed = |i: usize| 1600.0 + 60.0 * (i / nx) as f32 + 25.0 * (i % nx) as f32;
    (Survey::new(config).unwrap(), VelocityMap::new(nz, nx, (0..nz * nx).map(speed).collect()).unwrap())
}

fn relative_error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square = |sum: f64, x: f64| sum + x * x;
    let error = found.iter().zip(expected).map(|(&a, b)| f64::from(a) - b).fold(0.0, square);
    (error / expected.iter().copied().fold(0.0, square)).sqrt()
}

async fn check(device: &Device) {
    check_survey(device, false).await;
    check_survey(device, true).await;
}

async fn check_survey(device: &Device, free_surface: bool) {
    let (survey, velocity) = small_survey(free_surface);
    let medium = Medium::<f32>::new(&survey, &velocity).unwrap();
    let simulator = GpuSimulator::new(client(device).unwrap(), &medium).unwrap();
    let mut told = Vec::new();
    let progress = |step: usize| {
        told.push(step);
        ControlFlow::Continue(())
    };
    let gathers = simulator.simulate(progress).await.unwrap();
    assert_eq!(told, [50, 100]);

    let expected = Medium::<f64>::new(&survey, &velocity).unwrap().simulate();
    assert_eq!(gathers.shape(), expected.shape());
    let error = relative_error(gathers.values(), expected.values());
    assert!(error <= F32_ROUNDING, "GPU f32 against CPU f64: {error:.2e}");

    let residuals = expected.values().iter().map(|&u| u as f32).collect();
    let residuals = Gathers::new(2, 121, 3, residuals).unwrap();
    for stride in [1, 4] {
        let answer = |shot: usize, _: &[f32]| residuals.shot(shot).to_vec();
        let (recorded, adjoint) = simulator.differentiate(stride, answer, |_| ControlFlow::Continue(())).await.unwrap();
        assert_eq!(recorded, gathers);
        let medium = Medium::<f64>::new(&survey, &velocity).unwrap();
        let (_, twin) = medium.differentiate(stride, |shot, _| expected.shot(shot).to_vec());
        let error = relative_error(&adjoint, &twin);
        assert!(error <= ADJOINT_ROUNDING, "adjoint, GPU f32 against CPU f64, stride {stride}: {error:.2e}");
    }

    check_together(device, &survey, &velocity).await;

    let stopped = simulator.simulate(|_| ControlFlow::Break(())).await;
    assert!(matches!(stopped, Err(GpuError::Cancelled)));
}

/// Media that are simulated together are each as if alone, and must have one grid.
async fn check_together(device: &Device, survey: &Survey, velocity: &VelocityMap) {
    let scaled = |map: &VelocityMap, by: f32| {
        VelocityMap::new(map.nz(), map.nx(), map.values().iter().map(|v| v * by).collect()).unwrap()
    };
    let maps = [1.0, 0.8, 1.1].map(|by| scaled(velocity, by));
    let media: Vec<_> = maps.iter().map(|map| Medium::<f32>::new(survey, map).unwrap()).collect();
    let client = client(device).unwrap();
    let batch = GpuBatch::new(client.clone(), &media).unwrap();
    let gathers = batch.simulate(|_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!(gathers.len(), maps.len());
    for (gathers, map) in gathers.iter().zip(&maps) {
        let expected = Medium::<f64>::new(survey, map).unwrap().simulate();
        let error = relative_error(gathers.values(), expected.values());
        assert!(error <= F32_ROUNDING, "one of several, GPU f32 against CPU f64: {error:.2e}");
    }
    let larger = VelocityMap::new(10, 21, vec![2000.0; 210]).unwrap();
    let unlike = [media[0].clone(), Medium::new(survey, &larger).unwrap()];
    assert!(matches!(GpuBatch::new(client.clone(), &unlike), Err(GpuError::Unlike)));
    assert!(matches!(GpuBatch::new(client, &[]), Err(GpuError::Unlike)));
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn the_gpu_follows_the_cpu_and_stops_when_told() {
    wavediffusion::web::run_constructors();
    check(&Device::wgpu_options().init_async().await.unwrap()).await;
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_gpu_follows_the_cpu_and_stops_when_told() {
    let device = Device::wgpu_options().graphics_api(burn::tensor::wgpu::WgpuBackend::Vulkan).init().unwrap();
    cubecl::future::block_on(check(&device));
}
