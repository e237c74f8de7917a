//! The module's constructors, run once.

use std::sync::Once;

// SAFETY: the linker makes this function, with this signature, for every module.
#[expect(unsafe_code, reason = "a function of the linker")]
unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// Runs the module's constructors, by which burn's kernel compiler registers its parts, unless they have run.
///
/// There are about 5,000. The linker calls them at the start of every exported function of a module that does not call
/// them itself, which cost 0.3 ms a call.
pub fn run_constructors() {
    static DONE: Once = Once::new();
    // SAFETY: takes and returns nothing; the constructors would run anyway, in the same order.
    #[expect(unsafe_code, reason = "a function of the linker")]
    DONE.call_once(|| unsafe { __wasm_call_ctors() });
}
