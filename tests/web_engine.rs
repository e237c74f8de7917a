//! The engine in a browser's dedicated worker, on both backends, with a tiny network.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use burn::tensor::Device;
use js_sys::{Float32Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wavediffusion::family::Family;
use wavediffusion::manifest::{AUTOENCODER, ConsistencyReference, DENOISER, FORMAT, FileEntry, Manifest, Provenance};
use wavediffusion::model::{Autoencoder, Denoiser, ImageConfig, ModelConfig, collect_weights, write_weights};
use wavediffusion::npy;
use wavediffusion::signal::Normalisation;
use wavediffusion::survey::{Cell, Survey, SurveyConfig};
use wavediffusion::web::{self, Engine, EngineError, ErrorCode};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[path = "noise.rs"]
mod noise;

/// f32 on the GPU against f32 on the CPU, through networks, sampler and simulator.
const BACKENDS: f64 = 1e-2;

/// The same through one network.
const NETWORKS: f64 = 1e-5;

const NZ: usize = 16;
const NX: usize = 16;
const SAMPLES: usize = 128;

/// Manifest and weights of a random network of 2 x 2 tokens, for one shot over 16 x 16 cells.
fn tiny() -> (String, Vec<u8>) {
    let device = Device::flex();
    device.seed(1);
    let survey = SurveyConfig {
        samples: SAMPLES,
        sources: vec![Cell { z: 1, x: 4 }],
        receivers: (0..NX).map(|x| Cell { z: 1, x }).collect(),
        sponge: 12,
        free_surface: false,
        ..Survey::openfwi().config().clone()
    };
    let model = ModelConfig {
        velocity: ImageConfig { channels: 1, rows: NZ, columns: NX, patch: [8, 8] },
        seismic: ImageConfig { channels: 1, rows: SAMPLES / 8, columns: NX, patch: [8, 8] },
        tokens: [2, 2],
        ..ModelConfig::tiny()
    };
    let mut tensors = collect_weights(&Autoencoder::new(&model, &device), AUTOENCODER).unwrap();
    tensors.extend(collect_weights(&Denoiser::new(&model, &device), DENOISER).unwrap());
    // Layers that begin at zero, and biases, would hide what goes wrong in them.
    for weight in tensors.values_mut().filter(|weight| weight.values.iter().all(|&v| v == 0.0)) {
        weight.values.iter_mut().enumerate().for_each(|(i, value)| *value = 0.1 * (i as f32).cos());
    }
    let weights = write_weights(&tensors).unwrap();
    let manifest = Manifest {
        format: FORMAT,
        weights: FileEntry::new("weights.safetensors", &weights),
        example: None,
        families: Family::ALL.to_vec(),
        consistency: ConsistencyReference { floor_median: 0.1, floor_p90: 0.2, ceiling_median: 0.9 },
        model,
        normalisation: Normalisation::OPENFWI,
        survey: Survey::new(survey).unwrap(),
        provenance: Provenance::default(),
        metrics: serde_json::Value::Null,
    };
    (serde_json::to_string(&manifest).unwrap(), weights)
}

/// Keeps the devices that the browser hands out in `given`, so that a test can take one away.
const KEEP_DEVICES: &str = "globalThis.given ??= (() => {
    const given = [];
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...options) {
        given.push(await request.apply(this, options));
        return given.at(-1);
    };
    return given;
})()";

async fn engine(backend: &str) -> Engine {
    js_sys::eval(KEEP_DEVICES).unwrap();
    let (manifest, weights) = tiny();
    Engine::load(manifest, weights, backend.into()).await.unwrap()
}

fn get(of: &JsValue, key: &str) -> JsValue {
    Reflect::get(of, &key.into()).unwrap()
}

fn array(of: &JsValue, key: &str) -> Vec<f32> {
    get(of, key).unchecked_into::<Float32Array>().to_vec()
}

/// A JavaScript value from its source.
fn js(source: &str) -> JsValue {
    js_sys::eval(&format!("({source})")).unwrap()
}

fn request() -> JsValue {
    js("{ family: 'Style-A', seed: 3, steps: 2, guidance: 1.5, path: false }")
}

fn deaf() -> Function {
    Function::new_no_args("")
}

/// A callback that keeps what it hears as `kind` and, for a stage, its name.
fn listener() -> (Function, Rc<RefCell<Vec<String>>>) {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let notes = heard.clone();
    let closure = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        let words = ["kind", "stage"].iter().filter_map(|key| get(&event, key).as_string());
        notes.borrow_mut().push(words.collect::<Vec<_>>().join(" "));
        if get(&event, "kind") == "inverted" {
            let map = array(&event, "velocity");
            let error = map.iter().map(|v| f64::from((v - 2200.0).abs())).sum::<f64>() / map.len() as f64;
            assert!((get(&event, "error").as_f64().unwrap() - error).abs() < 1e-6 * error);
        }
        if get(&event, "kind") == "step" {
            let preview = get(&event, "preview");
            assert_eq!(array(&preview, "velocity").len(), NZ * NX);
            assert_eq!(array(&preview, "gathers").len(), SAMPLES / 8 * NX);
            assert!(get(&event, "deviation").as_f64().is_some_and(f64::is_finite));
        }
    });
    (closure.into_js_value().unchecked_into(), heard)
}

fn code<T>(result: Result<T, EngineError>) -> ErrorCode {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => {
            assert!(!error.message.is_empty());
            error.code
        }
    }
}

#[wasm_bindgen_test]
async fn probe_names_the_adapter() {
    let probe = web::probe().await.unwrap();
    assert_eq!(get(&probe, "webgpu").as_bool(), Some(true), "{probe:?}");
    assert!(get(&probe, "adapter").as_string().is_some_and(|name| name != "unnamed adapter"), "{probe:?}");
    assert!(get(&probe, "software").as_bool().is_some(), "{probe:?}");
}

#[wasm_bindgen_test]
async fn an_engine_describes_itself() {
    let engine = engine("flex").await;
    assert_eq!(engine.backend().unwrap(), "flex");
    assert_eq!(engine.families().len(), Family::ALL.len());
    let shape = engine.shape().unwrap();
    let number = |key: &str| get(&shape, key).as_f64().unwrap();
    assert_eq!([number("nz"), number("samples"), number("modelSamples")], [16.0, 128.0, 16.0]);
    assert_eq!(number("modelDt"), 8.0 * number("dt"));
}

#[wasm_bindgen_test]
async fn a_pair_arrives_with_its_events_and_its_verdict() {
    let (on_event, heard) = listener();
    let request = js("{ family: 'Style-A', seed: 3, steps: 3, guidance: 1.8, path: true }");
    let pair = engine("flex").await.generate(request, on_event).await.unwrap();
    let mut stages: Vec<String> = heard.borrow().clone();
    stages.retain(|event| event != "simulating");
    assert_eq!(stages, ["step", "step", "step", "stage sample", "stage decode", "stage simulate", "stage compare"]);

    let [generated, simulated, difference] = ["generated", "simulated", "difference"].map(|key| array(&pair, key));
    assert_eq!(generated.len(), SAMPLES * NX);
    assert!(generated.iter().zip(&simulated).zip(&difference).all(|((d, f), e)| d - f == *e));
    let energy = |values: &[f32]| values[..(SAMPLES - 1) * NX].iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
    let deviation = get(&pair, "deviation").as_f64().unwrap();
    assert!((deviation - (energy(&difference) / energy(&simulated)).sqrt()).abs() < 1e-5 * deviation);
    assert_eq!(get(&pair, "consistent").as_bool(), Some(deviation <= 0.2));
    assert_eq!(js_sys::Array::from(&get(&pair, "path")).length(), 3);
    assert_eq!(js_sys::Array::from(&get(&pair, "timings")).length(), 4);
    assert_eq!(get(&get(&pair, "request"), "family"), "Style-A");
    assert_eq!(get(&get(&pair, "request"), "guidance").as_f64(), Some(1.8));
}

/// A pair is the same whether its steps are decoded on the way or only the last of them at the end.
#[wasm_bindgen_test]
async fn steps_show_their_pairs_unless_the_request_says_otherwise() {
    let engine = engine("flex").await;
    let run = async |options: &str| {
        let previews = Rc::new(RefCell::new(Vec::new()));
        let seen = previews.clone();
        let on_event = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            if get(&event, "kind") == "step" {
                seen.borrow_mut().push(get(&event, "preview"));
            }
        });
        let request = js(&format!("{{ family: 'Style-A', seed: 3, steps: 3, guidance: 1.5, {options} }}"));
        let pair = engine.generate(request, on_event.as_ref().unchecked_ref::<Function>().clone()).await.unwrap();
        let pair = ["velocity", "generated", "simulated"].map(|key| array(&pair, key));
        (pair, previews.take())
    };
    let (watched, previews) = run("path: false").await;
    assert_eq!(previews.len(), 3);
    assert_eq!(array(&previews[2], "velocity"), watched[0]);
    assert!(previews.iter().all(|preview| array(preview, "gathers").len() == SAMPLES / 8 * NX));
    for options in ["path: false, preview: false", "path: true, preview: false"] {
        let (unwatched, previews) = run(options).await;
        assert!(previews.len() == 3 && previews.iter().all(JsValue::is_undefined), "{options}");
        assert_eq!(unwatched, watched, "{options}");
    }
}

#[wasm_bindgen_test]
async fn both_backends_generate_the_same_pair() {
    let cpu = engine("flex").await.generate(request(), deaf()).await.unwrap();
    let gpu = engine("webgpu").await;
    assert_eq!(gpu.backend().unwrap(), "webgpu");
    let gpu = gpu.generate(request(), deaf()).await.unwrap();
    for key in ["velocity", "generated", "simulated"] {
        let [a, b] = [&gpu, &cpu].map(|pair| array(pair, key));
        let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let error = square(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / square(&mut b.iter().copied());
        assert!(error < BACKENDS, "{key}: {error}");
    }
}

/// The networks of [`tiny`], whose widths are multiples of four, go through the GPU's own kernels.
#[wasm_bindgen_test]
async fn both_backends_evaluate_each_network_alike() {
    let [cpu, gpu] = [engine("flex").await, engine("webgpu").await];
    let width = ModelConfig::tiny().latent.width();
    let latents: Vec<f32> = (0..3 * 4 * width).map(|i| (i as f32).sin()).collect();
    for (network, output) in
        [("denoiser", 4 * width), ("velocityDecoder", NZ * NX), ("seismicDecoder", SAMPLES / 8 * NX)]
    {
        let evaluate = async |engine: &Engine| engine.evaluate(network.into(), latents.clone()).await.unwrap().to_vec();
        let (a, b) = (evaluate(&gpu).await, evaluate(&cpu).await);
        assert_eq!((a.len(), b.len()), (3 * output, 3 * output), "{network}");
        let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let error = square(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / square(&mut b.iter().copied());
        assert!(error < NETWORKS, "{network}: {error}");
    }
    assert_eq!(code(cpu.evaluate("denoiser".into(), vec![0.0; width + 1]).await), ErrorCode::BadRequest);
    assert_eq!(code(cpu.evaluate("classifier".into(), latents).await), ErrorCode::BadRequest);
}

#[wasm_bindgen_test]
async fn a_run_is_called_off_between_steps_and_the_next_one_finishes() {
    for backend in ["flex", "webgpu"] {
        let engine = Rc::new(engine(backend).await);
        let caller = engine.clone();
        let steps = Rc::new(RefCell::new(0));
        let count = steps.clone();
        let on_event = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            *count.borrow_mut() += usize::from(get(&event, "kind") == "step");
            caller.cancel();
        });
        let run = engine.generate(request(), on_event.as_ref().unchecked_ref::<Function>().clone()).await;
        assert_eq!(code(run), ErrorCode::Cancelled);
        assert!(*steps.borrow() <= 1);
        assert!(engine.generate(request(), deaf()).await.is_ok());
    }
}

#[wasm_bindgen_test]
async fn a_run_is_called_off_at_every_event_and_leaves_nothing_behind() {
    let engine = Rc::new(engine("flex").await);
    let request = || js("{ family: 'Style-A', seed: 3, steps: 2, guidance: 1.5, path: true }");
    let whole = array(&engine.generate(request(), deaf()).await.unwrap(), "velocity");
    // Runs, calling off at an event; tells how many were heard.
    let run = async |stop: usize| {
        let (caller, heard) = (engine.clone(), Rc::new(RefCell::new(0)));
        let count = heard.clone();
        let on_event = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            if *count.borrow() == stop {
                caller.cancel();
            }
            *count.borrow_mut() += 1;
        });
        let result = engine.generate(request(), on_event.as_ref().unchecked_ref::<Function>().clone()).await;
        let heard = *heard.borrow();
        (result, heard)
    };
    let (_, events) = run(usize::MAX).await;
    assert!(events > 6);
    for stop in 0..events {
        let (result, heard) = run(stop).await;
        assert_eq!((code(result), heard), (ErrorCode::Cancelled, stop + 1));
    }
    assert_eq!(array(&engine.generate(request(), deaf()).await.unwrap(), "velocity"), whole);
}

#[wasm_bindgen_test]
async fn engines_work_side_by_side() {
    let alone = array(&engine("flex").await.generate(request(), deaf()).await.unwrap(), "velocity");
    let mut runs = Vec::new();
    for backend in ["flex", "webgpu", "flex"] {
        let engine = engine(backend).await;
        runs.push((backend, future_to_promise(async move { Ok(engine.generate(request(), deaf()).await?) })));
    }
    for (backend, run) in runs {
        let velocity = array(&JsFuture::from(run).await.unwrap(), "velocity");
        let error = velocity.iter().zip(&alone).map(|(a, b)| (a - b).abs() / b).fold(0.0, f32::max);
        assert!(f64::from(error) < BACKENDS && (backend == "webgpu" || error == 0.0), "{backend}: {error}");
    }
}

#[wasm_bindgen_test]
async fn a_freed_engine_gives_its_memory_back() {
    let memory = || {
        let buffer = get(&wasm_bindgen::memory(), "buffer").unchecked_into::<js_sys::ArrayBuffer>();
        buffer.byte_length() as usize
    };
    for backend in ["flex", "webgpu"] {
        let live = async || drop(engine(backend).await.generate(request(), deaf()).await.unwrap());
        for _ in 0..5 {
            live().await;
        }
        let before = memory();
        for _ in 0..20 {
            live().await;
        }
        let grown = memory() - before;
        let leak = 20 * tiny().1.len();
        assert!(grown < leak / 4, "{backend}: 20 engines took {grown} bytes for good; their weights have {leak}");
    }
}

#[wasm_bindgen_test]
async fn the_way_between_two_seeds_ends_at_their_pairs() {
    let engine = engine("flex").await;
    let velocity = async |seed: u64, toward: &str| {
        let request = js(&format!("{{ seed: {seed}, {toward} steps: 2, guidance: 1, path: false }}"));
        array(&engine.generate(request, deaf()).await.unwrap(), "velocity")
    };
    let [from, to] = [velocity(3, "").await, velocity(4, "").await];
    assert_eq!(velocity(3, "toward: { seed: 4, fraction: 0 },").await, from);
    assert_eq!(velocity(3, "toward: { seed: 4, fraction: 1 },").await, to);
    let between = velocity(3, "toward: { seed: 4, fraction: 0.5 },").await;
    assert!(between != from && between != to);
}

#[wasm_bindgen_test]
async fn bad_manifests_and_weights_are_refused() {
    let (manifest, weights) = tiny();
    let load = async |manifest: &str, weights: &[u8], backend: &str| {
        code(Engine::load(manifest.to_owned(), weights.to_vec(), backend.into()).await)
    };
    assert_eq!(load("{", &weights, "flex").await, ErrorCode::BadManifest);
    let other = manifest.replace("\"codes\":16", "\"codes\":32");
    assert_eq!(load(&other, &weights, "flex").await, ErrorCode::BadWeights);
    assert_eq!(load(&manifest, &weights[..weights.len() - 8], "flex").await, ErrorCode::BadWeights);
    let mut corrupted = weights.clone();
    corrupted[weights.len() / 2] ^= 0xff;
    assert_eq!(load(&manifest, &corrupted, "flex").await, ErrorCode::BadWeights);
    assert_eq!(load(&manifest, &weights, "cuda").await, ErrorCode::BadRequest);
}

#[wasm_bindgen_test]
async fn bad_requests_are_refused() {
    let engine = engine("flex").await;
    for bad in [
        "{ family: 'FlatVel-C', seed: 1, steps: 2, guidance: 1, path: false }",
        "{ seed: 1, steps: 0, guidance: 1, path: false }",
        "{ seed: 1.5, steps: 2, guidance: 1, path: false }",
        "{ seed: 1, steps: 2, guidance: NaN, path: false }",
        "{ steps: 2, guidance: 1, path: false }",
        "{ seed: 1, toward: { seed: 2, fraction: 1.5 }, steps: 2, guidance: 1, path: false }",
        "{ seed: 1, toward: { seed: 2 }, steps: 2, guidance: 1, path: false }",
        "undefined",
    ] {
        assert_eq!(code(engine.generate(js(bad), deaf()).await), ErrorCode::BadRequest, "{bad}");
    }
    for (cells, speed, shot, every) in
        [(NX, 2e3, 0, 4), (NZ * NX, f32::NAN, 0, 4), (NZ * NX, 9e3, 0, 4), (NZ * NX, 2e3, 1, 4), (NZ * NX, 2e3, 0, 0)]
    {
        let film = engine.wavefield(vec![speed; cells], shot, every).await;
        assert_eq!(code(film), ErrorCode::BadRequest, "{cells} {speed} {shot} {every}");
    }
    for (cells, speed) in [(NX, 2e3), (NZ * NX, f32::NAN), (NZ * NX, 9e3)] {
        assert_eq!(code(engine.simulate(vec![speed; cells], deaf()).await), ErrorCode::BadRequest, "{cells} {speed}");
    }
}

#[wasm_bindgen_test]
async fn a_callback_that_throws_ends_the_run() {
    let engine = engine("flex").await;
    let run = engine.generate(request(), Function::new_no_args("throw new Error('no room')")).await;
    let error: JsValue = run.unwrap_err().into();
    assert_eq!(get(&error, "code"), "callback-failed");
    assert!(get(&error, "message").as_string().unwrap().contains("no room"));
}

#[wasm_bindgen_test]
async fn a_second_request_has_to_wait() {
    let engine = Rc::new(engine("flex").await);
    let caller = engine.clone();
    let first = future_to_promise(async move { Ok(caller.generate(request(), deaf()).await?) });
    JsFuture::from(Promise::resolve(&JsValue::UNDEFINED)).await.unwrap();
    assert_eq!(code(engine.generate(request(), deaf()).await), ErrorCode::Busy);
    assert!(JsFuture::from(first).await.is_ok());
}

#[wasm_bindgen_test]
async fn a_pairs_velocity_map_simulated_alone_gives_the_pairs_gathers() {
    for backend in ["flex", "webgpu"] {
        let engine = engine(backend).await;
        let pair = engine.generate(request(), deaf()).await.unwrap();
        let alone = engine.simulate(array(&pair, "velocity"), deaf()).await.unwrap();
        assert_eq!(alone.to_vec(), array(&pair, "simulated"), "{backend}");
    }
}

#[wasm_bindgen_test]
async fn gathers_are_inverted_to_maps_whose_simulations_are_compared() {
    let (on_event, heard) = listener();
    for backend in ["flex", "webgpu"] {
        let engine = engine(backend).await;
        let given = engine.simulate(vec![2200.0; NZ * NX], deaf()).await.unwrap().to_vec();
        let request = || js("{ samples: 3, spread: 0.5, seed: 4, steps: 2 }");
        let inversion =
            engine.invert(given.clone(), Some(vec![2200.0; NZ * NX]), request(), on_event.clone()).await.unwrap();
        let [velocities, simulated, mean, spread] =
            ["velocities", "simulated", "mean", "spread"].map(|key| array(&inversion, key));
        assert_eq!((velocities.len(), simulated.len()), (3 * NZ * NX, 3 * SAMPLES * NX));
        let third = engine.simulate(velocities[2 * NZ * NX..].to_vec(), deaf()).await.unwrap().to_vec();
        assert_eq!(third, simulated[2 * SAMPLES * NX..], "{backend}");
        let cell: Vec<f32> = (0..3).map(|map| velocities[map * NZ * NX]).collect();
        assert!((mean[0] - cell.iter().sum::<f32>() / 3.0).abs() < 0.01, "{backend}");
        assert!(spread.iter().any(|&v| v > 0.0), "{backend}: noise gave the same map");
        let misfits: Vec<f64> =
            js_sys::Array::from(&get(&inversion, "misfits")).iter().flat_map(|v| v.as_f64()).collect();
        assert!(misfits.len() == 3 && misfits.iter().all(|m| m.is_finite() && *m > 0.0), "{misfits:?}");
        assert_eq!(code(engine.invert(given[1..].to_vec(), None, request(), deaf()).await), ErrorCode::BadRequest);
        let expected = engine.predict(vec![2200.0; NZ * NX], on_event.clone()).await.unwrap();
        assert_eq!(array(&expected, "simulated"), given, "{backend}");
        assert_eq!(array(&expected, "generated").len(), SAMPLES * NX);
        assert!(get(&expected, "deviation").as_f64().is_some_and(|deviation| deviation > 0.0));
    }
    let count = |kind: &str| heard.borrow().iter().filter(|event| *event == kind).count();
    assert_eq!((count("inverted"), count("simulated")), (6, 2));
}

#[wasm_bindgen_test]
async fn rounds_of_refinement_come_between_the_encoded_map_and_its_samples() {
    for backend in ["flex", "webgpu"] {
        let (on_event, heard) = listener();
        let engine = engine(backend).await;
        let given = engine.simulate(vec![2200.0; NZ * NX], deaf()).await.unwrap().to_vec();
        let request =
            |rounds: usize| js(&format!("{{ samples: 2, spread: 0.5, seed: 4, steps: 2, rounds: {rounds} }}"));
        let inversion = engine.invert(given.clone(), Some(vec![2200.0; NZ * NX]), request(2), on_event).await.unwrap();
        let (velocities, simulated) = (array(&inversion, "velocities"), array(&inversion, "simulated"));
        assert_eq!((velocities.len(), simulated.len()), (4 * NZ * NX, 4 * SAMPLES * NX), "{backend}");
        let refined = engine.simulate(velocities[2 * NZ * NX..3 * NZ * NX].to_vec(), deaf()).await.unwrap().to_vec();
        let apart = |(a, b): (&f32, &f32)| (a - b).abs();
        let largest = refined.iter().zip(&simulated[2 * SAMPLES * NX..]).map(apart).fold(0.0, f32::max);
        assert!(largest < 1e-4, "{backend}: simulated twice, they differ by {largest}");
        let misfits: Vec<f64> =
            js_sys::Array::from(&get(&inversion, "misfits")).iter().flat_map(|v| v.as_f64()).collect();
        assert!(misfits[1] < 0.5 * misfits[0] && misfits[2] <= misfits[1], "{backend}: {misfits:?}");
        // The mean is of the refined map and its sample.
        let mean = (velocities[2 * NZ * NX] + velocities[3 * NZ * NX]) / 2.0;
        assert!((array(&inversion, "mean")[0] - mean).abs() < 0.01, "{backend}");
        let count = |kind: &str| heard.borrow().iter().filter(|event| *event == kind).count();
        assert_eq!((count("inverted"), count("refining")), (4, 40), "{backend}");
        assert_eq!(code(engine.invert(given, None, request(101), deaf()).await), ErrorCode::BadRequest);
    }
}

#[wasm_bindgen_test]
async fn npy_files_are_read_and_others_refused() {
    let engine = engine("flex").await;
    let gathers = npy::to_bytes(&[2, 1, SAMPLES, NX], &[0.5; 2 * SAMPLES * NX]).unwrap();
    assert_eq!(engine.read_gathers(&gathers).unwrap().to_vec(), [0.5; SAMPLES * NX]);
    let velocity = npy::to_bytes(&[NZ, NX], &[2000.0; NZ * NX]).unwrap();
    assert_eq!(engine.read_velocity(&velocity).unwrap().to_vec(), [2000.0; NZ * NX]);
    let written = engine.write_velocity(vec![2000.0; NZ * NX]).unwrap();
    assert_eq!(engine.read_velocity(&written).unwrap().to_vec(), [2000.0; NZ * NX]);
    let written = engine.write_gathers(vec![0.5; SAMPLES * NX]).unwrap();
    assert_eq!(npy::NpyArray::from_bytes(&written).unwrap().shape(), [1, 1, SAMPLES, NX]);
    for bad in [&velocity[..], &gathers[..500], b"shot,time", b""] {
        assert_eq!(code(engine.read_gathers(bad)), ErrorCode::BadFile);
    }
    let other = npy::to_bytes(&[1, SAMPLES, NX - 1], &[0.5; SAMPLES * (NX - 1)]).unwrap();
    assert_eq!(code(engine.read_gathers(&other)), ErrorCode::BadFile);
    assert_eq!(code(engine.read_velocity(&gathers)), ErrorCode::BadFile);
}

#[wasm_bindgen_test]
async fn the_direct_wave_ends_later_at_farther_receivers() {
    let engine = engine("flex").await;
    let end = engine.direct_wave_end(vec![2000.0; NZ * NX]).unwrap().to_vec();
    assert_eq!(end.len(), NX);
    assert!(end.iter().copied().fold(0.0, f32::max) > end.iter().copied().fold(1.0, f32::min) + 0.01, "{end:?}");
    assert_eq!(code(engine.direct_wave_end(vec![0.0; NZ * NX])), ErrorCode::BadRequest);
}

#[wasm_bindgen_test]
async fn the_wavefield_spreads() {
    let film = engine("flex").await.wavefield(vec![2e3; NZ * NX], 0, 4).await.unwrap();
    let frames = get(&film, "frames").as_f64().unwrap() as usize;
    assert_eq!(frames, SAMPLES / 4);
    let values = array(&film, "values");
    assert_eq!(values.len(), frames * NZ * NX);
    let reached = |frame: usize| values[frame * NZ * NX..][..NZ * NX].iter().filter(|v| v.abs() > 1e-3).count();
    assert!(reached(frames - 1) > reached(2));
}

#[wasm_bindgen_test]
async fn a_lost_device_is_told_and_another_takes_its_place() {
    let engine = engine("webgpu").await;
    js_sys::eval("given.at(-1).destroy()").unwrap();
    assert_eq!(code(engine.generate(request(), deaf()).await), ErrorCode::DeviceLost);
    assert!(self::engine("webgpu").await.generate(request(), deaf()).await.is_ok());
}
