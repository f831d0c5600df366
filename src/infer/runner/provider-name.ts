/** An ONNX Runtime execution provider that can be configured. */
export type ProviderName = 'tensorrt' | 'cuda' | 'webgpu' | 'cpu';

/** All of them, the fastest first. */
export const PROVIDERS: readonly ProviderName[] = ['tensorrt', 'cuda', 'webgpu', 'cpu'];
