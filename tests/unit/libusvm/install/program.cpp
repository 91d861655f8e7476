// SPDX-License-Identifier: MIT
// A CUDA-runtime program, ported by its include and its launch. C++.
#include <cstdio>
#include <usvm_cuda.h>
#include <usvm_kernel.h>

__kernel void saxpy(__global float *y, __global const float *x, float a, uint n)
{
	size_t i = get_global_id(0);

	if (i < n)
		y[i] += a * x[i];
}
USVM_KERNEL_4(saxpy, float *, const float *, float, uint)

static const usvm_host_kernel kernels[] = { USVM_HOST_KERNEL(saxpy) };

int main()
{
	const uint n = 1000;
	float *x, *y, a = 2, ms;
	uint count = n;
	int device, advice = 0;
	cudaStream_t stream;
	cudaEvent_t start, end;
	usvm_module *module;
	usvm_kernel *kernel;

	if (cudaGetDevice(&device) || cudaMallocManaged(&x, n * sizeof(*x)) || cudaMalloc(&y, n * sizeof(*y)))
		return 1;
	for (uint i = 0; i < n; i++) {
		x[i] = static_cast<float>(i);
		y[i] = 1;
	}
	if (usvm_module_load(&module, nullptr, kernels, 1) ||
	    usvm_module_get_kernel(&kernel, module, "saxpy"))
		return 2;
	void *args[] = { &y, &x, &a, &count };
	if (cudaStreamCreate(&stream) || cudaEventCreate(&start) || cudaEventCreate(&end) ||
	    cudaEventRecord(start, stream) || cudaMemPrefetchAsync(x, n * sizeof(*x), device, stream) ||
	    cudaLaunchKernel(kernel, dim3((n + 63) / 64), dim3(64), args, 0, stream) ||
	    cudaEventRecord(end, stream) || cudaStreamSynchronize(stream) ||
	    cudaEventElapsedTime(&ms, start, end) || ms < 0)
		return 3;
	if (cudaMemAdvise(x, 4096, cudaMemAdviseSetReadMostly, device) ||
	    cudaMemRangeGetAttribute(&advice, sizeof(advice), cudaMemRangeAttributeReadMostly, x, 4096) ||
	    advice != 1)
		return 4;
	std::printf("%g %s\n", static_cast<double>(y[999]), cudaGetErrorString(cudaGetLastError()));
	return cudaEventDestroy(start) || cudaEventDestroy(end) || cudaStreamDestroy(stream) ||
	       usvm_module_unload(module) || cudaFree(x) || cudaFree(y);
}
