/** Bytes of the engine's WebAssembly module, measured when the page was built. */
declare const __ENGINE_BYTES__: number;
