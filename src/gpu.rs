//! Arrays in GPU memory, which kernels are given.

use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::server::Handle;

/// Most workgroups in a dimension of a dispatch.
pub(crate) const WORKGROUPS: usize = 65_535;

/// An array in GPU memory.
#[derive(Clone)]
pub(crate) struct Buffer {
    pub(crate) handle: Handle,
    pub(crate) len: usize,
}

impl Buffer {
    /// An array of `len` elements that is there already.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn new(handle: Handle, len: usize) -> Self {
        Self { handle, len }
    }

    pub(crate) fn upload<E: CubeElement>(client: &Client, values: &[E]) -> Self {
        Self { handle: client.create_from_slice(E::as_bytes(values)), len: values.len() }
    }

    pub(crate) fn empty<E>(client: &Client, len: usize) -> Self {
        Self { handle: client.empty(len * size_of::<E>()), len }
    }

    pub(crate) fn argument(&self) -> BufferArg {
        // SAFETY: `len` is the number of elements that the handle was made for.
        #[expect(unsafe_code, reason = "cubecl takes the length of a buffer on trust")]
        unsafe {
            BufferArg::from_raw_parts(self.handle.clone(), self.len)
        }
    }
}
