// SPDX-License-Identifier: MIT
/*
 * Vulkan compute and copies against the same sums in C. The shaders are beside it, as
 * SPIR-V in headers that glslangValidator makes. Compiled where it runs (tools/inside/vulkan.sh).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#include "mix.h"
#include "reduce.h"

#define N	16384u

struct buffer {
	VkBuffer buffer;
	VkDeviceMemory memory;
	void *map;		/* NULL: not visible to the host */
};

struct push {
	uint32_t n, k;
};

static struct {
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	VkCommandPool pool;
	VkDescriptorPool descriptors;
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
} vk;

static unsigned int tests, bad_tests;

static void ok(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tests, what);
	fflush(stdout);
	bad_tests += !good;
}

static void must(VkResult r, const char *what)
{
	if (r == VK_SUCCESS)
		return;
	printf("Bail out! %s: %d\n", what, r);
	exit(1);
}

static uint32_t random32(void)
{
	static uint32_t s = 2463534242u;

	s ^= s << 13;
	s ^= s >> 17;
	s ^= s << 5;
	return s;
}

static void open_device(void)
{
	VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1 };
	VkInstanceCreateInfo ici = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
	float priority = 1;
	VkDeviceQueueCreateInfo qci = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority,
	};
	VkDeviceCreateInfo dci = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1, .pQueueCreateInfos = &qci,
	};
	VkCommandPoolCreateInfo pci = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
	};
	VkPhysicalDeviceProperties properties;
	VkInstance instance;
	uint32_t one = 1;
	VkResult r;

	must(vkCreateInstance(&ici, NULL, &instance), "instance");
	r = vkEnumeratePhysicalDevices(instance, &one, &vk.physical);
	if (r != VK_INCOMPLETE)
		must(r, "devices");
	if (!one)
		must(VK_ERROR_INITIALIZATION_FAILED, "no device");
	vkGetPhysicalDeviceProperties(vk.physical, &properties);
	printf("# %s\n", properties.deviceName);
	must(vkCreateDevice(vk.physical, &dci, NULL, &vk.device), "device");
	vkGetDeviceQueue(vk.device, 0, 0, &vk.queue);
	must(vkCreateCommandPool(vk.device, &pci, NULL, &vk.pool), "command pool");
}

static void make_layouts(void)
{
	VkDescriptorSetLayoutBinding binding[3];
	VkDescriptorSetLayoutCreateInfo sci = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = 3, .pBindings = binding,
	};
	VkPushConstantRange range = { .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = sizeof(struct push) };
	VkPipelineLayoutCreateInfo lci = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1,
		.pSetLayouts = &vk.set_layout, .pushConstantRangeCount = 1, .pPushConstantRanges = &range,
	};
	VkDescriptorPoolSize size = { .type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .descriptorCount = 30 };
	VkDescriptorPoolCreateInfo pci = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 10, .poolSizeCount = 1,
		.pPoolSizes = &size,
	};

	for (uint32_t n = 0; n < 3; n++)
		binding[n] = (VkDescriptorSetLayoutBinding){
			.binding = n, .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .descriptorCount = 1,
			.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
		};
	must(vkCreateDescriptorSetLayout(vk.device, &sci, NULL, &vk.set_layout), "set layout");
	must(vkCreatePipelineLayout(vk.device, &lci, NULL, &vk.layout), "layout");
	must(vkCreateDescriptorPool(vk.device, &pci, NULL, &vk.descriptors), "descriptor pool");
}

/* Memory of the kind that has @flags, and of no more kinds than it must. */
static struct buffer make_buffer(VkDeviceSize size, bool host)
{
	VkMemoryPropertyFlags want = host ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT :
					    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
	VkBufferCreateInfo bci = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = size,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
			 VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkMemoryAllocateInfo mai = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
	VkPhysicalDeviceMemoryProperties kinds;
	VkMemoryRequirements need;
	struct buffer b = { 0 };

	must(vkCreateBuffer(vk.device, &bci, NULL, &b.buffer), "buffer");
	vkGetBufferMemoryRequirements(vk.device, b.buffer, &need);
	vkGetPhysicalDeviceMemoryProperties(vk.physical, &kinds);
	while (!(need.memoryTypeBits >> mai.memoryTypeIndex & 1) ||
	       (kinds.memoryTypes[mai.memoryTypeIndex].propertyFlags & want) != want) {
		if (++mai.memoryTypeIndex == kinds.memoryTypeCount)
			must(VK_ERROR_FEATURE_NOT_PRESENT, "no such memory");
	}
	mai.allocationSize = need.size;
	must(vkAllocateMemory(vk.device, &mai, NULL, &b.memory), "memory");
	must(vkBindBufferMemory(vk.device, b.buffer, b.memory, 0), "bind");
	if (host)
		must(vkMapMemory(vk.device, b.memory, 0, VK_WHOLE_SIZE, 0, &b.map), "map");
	return b;
}

static VkCommandBuffer begin(void)
{
	VkCommandBufferAllocateInfo cai = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = vk.pool, .commandBufferCount = 1,
	};
	VkCommandBufferBeginInfo cbi = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
	VkCommandBuffer c;

	must(vkAllocateCommandBuffers(vk.device, &cai, &c), "command buffer");
	must(vkBeginCommandBuffer(c, &cbi), "begin");
	return c;
}

static void barrier(VkCommandBuffer c)
{
	VkMemoryBarrier b = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT, .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT,
	};

	vkCmdPipelineBarrier(c, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &b,
			     0, NULL, 0, NULL);
}

static void submit(VkCommandBuffer c)
{
	VkFenceCreateInfo fci = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
	VkSubmitInfo si = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &c };
	VkFence fence;

	barrier(c);
	must(vkEndCommandBuffer(c), "end");
	must(vkCreateFence(vk.device, &fci, NULL, &fence), "fence");
	must(vkQueueSubmit(vk.queue, 1, &si, fence), "submit");
	must(vkWaitForFences(vk.device, 1, &fence, VK_TRUE, 60000000000ull), "wait");
	vkDestroyFence(vk.device, fence, NULL);
	vkFreeCommandBuffers(vk.device, vk.pool, 1, &c);
}

static VkPipeline make_pipeline(const uint32_t *code, size_t size)
{
	VkShaderModuleCreateInfo mci = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = size, .pCode = code,
	};
	VkComputePipelineCreateInfo cci = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage = {
			.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			.stage = VK_SHADER_STAGE_COMPUTE_BIT, .pName = "main",
		},
		.layout = vk.layout,
	};
	VkPipeline p;

	must(vkCreateShaderModule(vk.device, &mci, NULL, &cci.stage.module), "shader");
	must(vkCreateComputePipelines(vk.device, VK_NULL_HANDLE, 1, &cci, NULL, &p), "pipeline");
	return p;
}

static void dispatch(VkCommandBuffer c, VkPipeline p, const struct buffer b[3], struct push push, uint32_t groups)
{
	VkDescriptorSetAllocateInfo dai = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, .descriptorPool = vk.descriptors,
		.descriptorSetCount = 1, .pSetLayouts = &vk.set_layout,
	};
	VkDescriptorSet set;

	must(vkAllocateDescriptorSets(vk.device, &dai, &set), "descriptor set");
	for (uint32_t n = 0; n < 3; n++) {
		VkDescriptorBufferInfo info = { .buffer = b[n].buffer, .range = VK_WHOLE_SIZE };
		VkWriteDescriptorSet w = {
			.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = set, .dstBinding = n,
			.descriptorCount = 1, .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .pBufferInfo = &info,
		};

		vkUpdateDescriptorSets(vk.device, 1, &w, 0, NULL);
	}
	vkCmdBindPipeline(c, VK_PIPELINE_BIND_POINT_COMPUTE, p);
	vkCmdBindDescriptorSets(c, VK_PIPELINE_BIND_POINT_COMPUTE, vk.layout, 0, 1, &set, 0, NULL);
	vkCmdPushConstants(c, vk.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(push), &push);
	vkCmdDispatch(c, groups, 1, 1);
}

static uint32_t top_bit(uint32_t v)
{
	return 31 - (uint32_t)__builtin_clz(v);
}

static void test_mix(const struct buffer b[3])
{
	struct push push = { N - 5, 0x9e3779b9 };
	const uint32_t *in = b[0].map, *out = b[1].map, *sum = b[2].map;
	uint32_t bad[4] = { 0 }, total = 0, most = 0;
	VkCommandBuffer c = begin();

	memset(b[1].map, 0xee, 16 * N);
	memset(b[2].map, 0, 8);
	dispatch(c, make_pipeline(mix_spv, sizeof(mix_spv)), b, push, N / 64);
	submit(c);
	for (uint32_t i = 0; i < push.n; i++) {
		uint32_t v = in[i], steps = 0;

		for (uint32_t w = (v & 0xffff) + 1; w != 1; steps++)
			w = w & 1 ? 3 * w + 1 : w >> 1;
		bad[0] += out[4 * i] != ((v * push.k + (v >> 3)) ^ (i << 5));
		bad[1] += out[4 * i + 1] != (uint32_t)((float)(v & 0xffff) * 0.25f + 1.5f);
		bad[2] += out[4 * i + 2] != (uint32_t)__builtin_popcount(v) + top_bit(v | 1) * 100;
		bad[3] += out[4 * i + 3] != steps;
		total += v & 0xff;
		most = v > most ? v : most;
	}
	ok(!bad[0] && !bad[2], "integers");
	ok(!bad[1], "floats");
	ok(!bad[3], "loops");
	ok(out[4 * push.n] == 0xeeeeeeee, "nothing behind the end");
	ok(sum[0] == total && sum[1] == most, "atomics");
}

static void test_reduce(const struct buffer b[3])
{
	const uint32_t *in = b[0].map, *out = b[1].map, *sum = b[2].map;
	uint32_t want[256] = { 0 }, total = 0;
	VkCommandBuffer c = begin();

	memset(b[1].map, 0, 1024);
	memset(b[2].map, 0, 8);
	dispatch(c, make_pipeline(reduce_spv, sizeof(reduce_spv)), b, (struct push){ N, 0 }, N / 256);
	submit(c);
	for (uint32_t i = 0; i < N; i++) {
		want[in[i] & 255]++;
		total += in[i];
	}
	ok(sum[0] == total && sum[1] == N / 256, "a reduction in shared memory");
	ok(!memcmp(out, want, sizeof(want)), "a histogram in shared memory");
}

/* Through memory of the device, with odd places and sizes, and without waiting between. */
static void test_copies(const struct buffer b[3])
{
	struct buffer local = make_buffer(32 * N, false);
	const uint32_t *in = b[0].map, *out = b[1].map;
	VkBufferCopy there = { .srcOffset = 12, .dstOffset = 4, .size = 4 * N - 12 };
	VkBufferCopy back = { .srcOffset = 4, .dstOffset = 64, .size = 4 * N - 12 };
	uint32_t update[5] = { 1, 22, 333, 4444, 55555 };
	VkCommandBuffer c = begin();
	bool good = true;

	memset(b[1].map, 0, 16 * N);
	vkCmdFillBuffer(c, local.buffer, 0, VK_WHOLE_SIZE, 0xabcdef01);
	barrier(c);
	vkCmdCopyBuffer(c, b[0].buffer, local.buffer, 1, &there);
	vkCmdUpdateBuffer(c, local.buffer, 20 * N, sizeof(update), update);
	barrier(c);
	vkCmdCopyBuffer(c, local.buffer, b[1].buffer, 1, &back);
	back = (VkBufferCopy){ .srcOffset = 20 * N - 4, .dstOffset = 8 * N, .size = sizeof(update) + 8 };
	vkCmdCopyBuffer(c, local.buffer, b[1].buffer, 1, &back);
	submit(c);
	ok(!memcmp(out + 16, in + 3, 4 * N - 12), "copies to memory of the device and back");
	ok(!out[15] && !out[16 + N - 3], "nothing beside them");
	ok(!memcmp(out + 2 * N + 1, update, sizeof(update)), "an update");
	for (uint32_t i = 0; i < 7; i += 6)
		good &= out[2 * N + i] == 0xabcdef01;
	ok(good, "a fill");
}

int main(void)
{
	struct buffer b[3];

	printf("1..11\n");
	open_device();
	make_layouts();
	for (uint32_t n = 0; n < 3; n++)
		b[n] = make_buffer(n == 1 ? 16 * N + 64 : 4 * N, true);
	for (uint32_t i = 0; i < N; i++)
		((uint32_t *)b[0].map)[i] = random32();
	test_mix(b);
	test_reduce(b);
	test_copies(b);
	return bad_tests != 0;
}
