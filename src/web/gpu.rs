//! The WebGPU adapter and device: obtained here, shared with the networks and the simulator, watched for loss.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use burn::tensor::Device;
use burn::tensor::wgpu::{WgpuSetup, wgpu};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::constructors::run_constructors;
use super::error::{EngineError, ErrorCode};

/// Fewest invocations of a workgroup that the compute kernels are written for. WebGPU promises as many; its
/// compatibility mode does not.
const WORKGROUP_INVOCATIONS: u64 = 256;

/// Fewest storage buffers of a shader stage that the compute kernels are written for.
const STORAGE_BUFFERS: u64 = 8;

/// Least bytes of a storage buffer: WebGPU promises as many, and with less the engine has not been tried.
const STORAGE_BYTES: u64 = 128 << 20;

/// Words by which programs that stand in for a GPU are known.
const SOFTWARE: [&str; 5] = ["swiftshader", "llvmpipe", "lavapipe", "software", "basic render"];

/// An adapter, and what the browser tells about it.
pub(super) struct Adapter {
    instance: wgpu::Instance,
    adapter: wgpu::Adapter,
    /// Vendor, architecture and description, as far as the browser tells them.
    pub(super) name: String,
    /// Whether it is a program rather than a GPU.
    pub(super) software: bool,
    /// What the engine needs and the adapter lacks, as a sentence.
    pub(super) lacking: Option<String>,
}

impl Adapter {
    /// The adapter that the engine uses.
    ///
    /// # Errors
    /// [`ErrorCode::WebgpuUnavailable`] when the browser has no WebGPU or gives no adapter.
    pub(super) async fn request() -> Result<Self, EngineError> {
        let missing = |message: &str| EngineError::new(ErrorCode::WebgpuUnavailable, message);
        let Some(gpu) = navigator_gpu() else {
            return Err(missing(
                "This browser offers no WebGPU here: it is too old, has it switched off, or the page is not served securely.",
            ));
        };
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::BROWSER_WEBGPU,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|_| {
            missing("This browser has WebGPU, but gives no adapter: its GPU is blocked or has no driver.")
        })?;
        let name = adapter_name(&gpu).await.unwrap_or_else(|| "unnamed adapter".to_owned());
        let software = adapter.get_info().device_type == wgpu::DeviceType::Cpu
            || SOFTWARE.iter().any(|program| name.to_lowercase().contains(program));
        let lacking = lacking(adapter.features(), &adapter.limits());
        Ok(Self { instance, adapter, name, software, lacking })
    }
}

/// What the adapter lacks first of what the engine needs, as a sentence.
fn lacking(features: wgpu::Features, limits: &wgpu::Limits) -> Option<String> {
    // CubeCL panics in WebAssembly where it could not measure a kernel's time, though nothing here asks it to.
    if !features.contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Some("The GPU adapter offers no timestamp queries; the engine needs them.".to_owned());
    }
    [
        ("invocations of a workgroup", limits.max_compute_invocations_per_workgroup.into(), WORKGROUP_INVOCATIONS),
        ("storage buffers of a shader", limits.max_storage_buffers_per_shader_stage.into(), STORAGE_BUFFERS),
        ("bytes of a storage buffer", limits.max_storage_buffer_binding_size, STORAGE_BYTES),
        ("bytes of a buffer", limits.max_buffer_size, STORAGE_BYTES),
    ]
    .into_iter()
    .find(|(_, offered, needed)| offered < needed)
    .map(|(what, offered, needed)| format!("The GPU adapter offers {offered} {what}; the engine needs {needed}."))
}

fn navigator_gpu() -> Option<JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    Reflect::get(&navigator, &"gpu".into()).ok().filter(JsValue::is_object)
}

/// What `GPUAdapterInfo` says, which wgpu passes on in part only.
async fn adapter_name(gpu: &JsValue) -> Option<String> {
    let options = Object::new();
    Reflect::set(&options, &"powerPreference".into(), &"high-performance".into()).ok()?;
    let request: Function = Reflect::get(gpu, &"requestAdapter".into()).ok()?.dyn_into().ok()?;
    let promise: Promise = request.call1(gpu, &options).ok()?.dyn_into().ok()?;
    let adapter = JsFuture::from(promise).await.ok()?;
    let info = Reflect::get(&adapter, &"info".into()).ok()?;
    let parts: Vec<String> = ["vendor", "architecture", "device", "description"]
        .into_iter()
        .filter_map(|key| Reflect::get(&info, &key.into()).ok()?.as_string())
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A device registered with burn, and the first fault that has befallen it.
#[derive(Clone)]
pub(super) struct Gpu {
    /// What tensors are made on.
    pub(super) device: Device,
    /// The adapter's name.
    pub(super) name: String,
    fault: Arc<OnceLock<EngineError>>,
}

thread_local! {
    /// burn keeps a registered device for good, so engines share one until it is lost.
    static SHARED: RefCell<Option<Gpu>> = const { RefCell::new(None) };
}

impl Gpu {
    /// The worker's GPU device: the one in use, or a new one.
    ///
    /// # Errors
    /// [`ErrorCode::WebgpuUnavailable`] when there is no adapter or it is not enough; [`ErrorCode::GpuError`] when it gives no device.
    pub(super) async fn acquire() -> Result<Self, EngineError> {
        let shared = SHARED.with_borrow(|shared| shared.clone().filter(|gpu| gpu.fault().is_none()));
        if let Some(gpu) = shared {
            return Ok(gpu);
        }
        let gpu = Self::open(Adapter::request().await?).await?;
        SHARED.with_borrow_mut(|shared| *shared = Some(gpu.clone()));
        Ok(gpu)
    }

    async fn open(adapter: Adapter) -> Result<Self, EngineError> {
        // Where the module is not instantiated by its own JavaScript, as in tests, nothing else has run them.
        run_constructors();
        let Adapter { instance, adapter, name, lacking, .. } = adapter;
        if let Some(reason) = lacking {
            return Err(EngineError::new(ErrorCode::WebgpuUnavailable, reason));
        }
        let (handle, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("wavediffusion"),
                required_features: adapter.features() - wgpu::Features::MAPPABLE_PRIMARY_BUFFERS,
                required_limits: adapter.limits(),
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                ..wgpu::DeviceDescriptor::default()
            })
            .await
            .map_err(ErrorCode::GpuError.wrap())?;
        let setup = WgpuSetup { instance, backend: adapter.get_info().backend, adapter, device: handle.clone(), queue };
        let device = Device::wgpu_options().setup(setup).init().map_err(ErrorCode::GpuError.wrap())?;
        Ok(Self { device, name, fault: watch(&handle) })
    }

    /// What has befallen the device, if anything.
    pub(super) fn fault(&self) -> Option<EngineError> {
        self.fault.get().cloned()
    }
}

/// Records the first fault of a device. To be called after burn has registered the device: burn's own handler of
/// uncaptured errors panics, and this one takes its place.
fn watch(device: &wgpu::Device) -> Arc<OnceLock<EngineError>> {
    let fault = Arc::new(OnceLock::new());
    let lost = fault.clone();
    device.set_device_lost_callback(move |_, message| {
        let sentence = if message.is_empty() { "The browser gave no reason." } else { message.as_str() };
        let _ = lost.set(EngineError::new(ErrorCode::DeviceLost, format!("The GPU device was lost. {sentence}")));
    });
    let refused = fault.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let _ = refused.set(EngineError::new(ErrorCode::GpuError, format!("The GPU refused an operation: {error}")));
    }));
    fault
}
