// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "vk.h"

static struct {
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	VkCommandPool pool;
	VkDescriptorPool descriptors;
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
} vk;

static void must(VkResult r, const char *what)
{
	if (r == VK_SUCCESS)
		return;
	printf("Bail out! %s: %d\n", what, r);
	exit(1);
}

void vk_open_device(bool wide)
{
	VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1 };
	VkInstanceCreateInfo ici = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
	float priority = 1;
	VkDeviceQueueCreateInfo qci = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority,
	};
	VkPhysicalDeviceFeatures features = { .shaderFloat64 = wide, .shaderInt64 = wide };
	VkDeviceCreateInfo dci = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1, .pQueueCreateInfos = &qci,
		.pEnabledFeatures = &features,
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

void vk_make_layouts(void)
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

struct buffer vk_make_buffer(VkDeviceSize size, bool host)
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

VkCommandBuffer vk_begin(void)
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

void vk_barrier(VkCommandBuffer c)
{
	VkMemoryBarrier b = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT, .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT,
	};

	vkCmdPipelineBarrier(c, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &b,
			     0, NULL, 0, NULL);
}

void vk_submit(VkCommandBuffer c)
{
	VkFenceCreateInfo fci = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
	VkSubmitInfo si = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &c };
	VkFence fence;

	vk_barrier(c);
	must(vkEndCommandBuffer(c), "end");
	must(vkCreateFence(vk.device, &fci, NULL, &fence), "fence");
	must(vkQueueSubmit(vk.queue, 1, &si, fence), "submit");
	must(vkWaitForFences(vk.device, 1, &fence, VK_TRUE, 60000000000ull), "wait");
	vkDestroyFence(vk.device, fence, NULL);
	vkFreeCommandBuffers(vk.device, vk.pool, 1, &c);
}

VkPipeline vk_make_pipeline(const uint32_t *code, size_t size)
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

void vk_dispatch(VkCommandBuffer c, VkPipeline p, const struct buffer b[3], struct push push,
		 uint32_t groups)
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

