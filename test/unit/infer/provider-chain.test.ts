import { describe, expect, it } from 'vitest';
import { openWithFirstProvider } from '../../../src/infer/runner/provider-chain.ts';
import { missingIn, type ProviderSurroundings, whyRefused } from '../../../src/infer/runner/provider-refusal.ts';

const surroundings = (change: Partial<ProviderSurroundings> = {}): ProviderSurroundings => ({
  known: ['cpu', 'webgpu', 'cuda', 'tensorrt'],
  libraryFolder: '/ort',
  exists: () => true,
  missingLibraries: async () => [],
  ...change,
});
const LOAD_FAILED = new Error('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library');

describe('the reason of a refusal', () => {
  it('names the first thing that stops it: the build, its library, what that needs, the device', async () => {
    const why = (change: Partial<ProviderSurroundings>) => whyRefused('cuda', LOAD_FAILED, surroundings(change));
    expect(await why({ known: ['cpu'] })).toBe('this build of ONNX Runtime does not have it (it has cpu)');
    expect(await why({ exists: () => false })).toBe(
      'onnxruntime-node is installed without libonnxruntime_providers_cuda.so',
    );
    expect(await why({ missingLibraries: async () => ['libcudnn.so.9', 'libcublas.so.12'] })).toBe(
      'libonnxruntime_providers_cuda.so needs libcudnn.so.9, libcublas.so.12, which this machine lacks',
    );
    expect(await why({ exists: (path) => path.startsWith('/ort') })).toContain('no NVIDIA device');
    expect(await why({})).toBe(LOAD_FAILED.message);
  });

  it('is ONNX Runtime’s own without the place in its source', async () => {
    const thrown = new Error(
      '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::Context::Initialize(const Config&)::<lambda()> result.status == Success was false. Failed to get a WebGPU adapter: No supported adapters\nmore',
    );
    expect(await whyRefused('webgpu', thrown, surroundings())).toBe(
      'Failed to get a WebGPU adapter: No supported adapters',
    );
  });

  it('finds missing libraries in the loader’s list, but for those that come with ONNX Runtime', () => {
    const text =
      '\tlinux-vdso.so.1 (0x0)\n\tlibcudnn.so.9 => not found\n\tlibonnxruntime_providers_shared.so => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x0)\n';
    expect(missingIn(text)).toEqual(['libcudnn.so.9']);
  });
});

describe('a chain of providers', () => {
  it('takes the first that opens, keeps each reason, and leaves the rest untried', async () => {
    const tried: string[] = [];
    const opened = await openWithFirstProvider(
      'p',
      ['tensorrt', 'cuda', 'webgpu', 'cpu'],
      async (provider) => {
        tried.push(provider);
        if (provider !== 'webgpu') throw new Error('no');
        return 'session';
      },
      async (provider) => `no ${provider} here`,
    );
    expect(opened).toMatchObject({ session: 'session', provider: 'webgpu' });
    expect(tried).toEqual(['tensorrt', 'cuda', 'webgpu']);
    expect(opened.reports.map(({ state, reason }) => [state, reason])).toEqual([
      ['refused', 'no tensorrt here'],
      ['refused', 'no cuda here'],
      ['chosen', null],
      ['untried', null],
    ]);
  });

  it('says every reason where none opens', async () => {
    const open = async () => {
      throw new Error('broken');
    };
    const opening = openWithFirstProvider('p', ['cuda', 'cpu'], open, async (provider) => `${provider} is broken`);
    await expect(opening).rejects.toMatchObject({
      code: 'VDT_PROVIDER_UNAVAILABLE',
      values: { reason: 'cuda: cuda is broken; cpu: cpu is broken' },
    });
  });
});
