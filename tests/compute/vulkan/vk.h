/* SPDX-License-Identifier: MIT */
/*
 * As little of Vulkan as compute on buffers needs: the first device, its first
 * queue, three storage buffers and two words for each shader. A call that fails ends
 * the program with a TAP "Bail out!".
 */
#ifndef VK_H
#define VK_H

#include <stdbool.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

struct buffer {
	VkBuffer buffer;
	VkDeviceMemory memory;
	void *map;		/* NULL: not visible to the host */
};

struct push {
	uint32_t n, k;
};

/* @wide: with 64-bit integers and floats. Then vk_make_layouts(). */
void vk_open_device(bool wide);
void vk_make_layouts(void);

/* Memory that the host sees, mapped, or that is the device's own. */
struct buffer vk_make_buffer(VkDeviceSize size, bool host);

/* A command buffer; vk_submit() runs it, waits, and frees it. */
VkCommandBuffer vk_begin(void);
void vk_barrier(VkCommandBuffer c);
void vk_submit(VkCommandBuffer c);

VkPipeline vk_make_pipeline(const uint32_t *code, size_t size);
void vk_dispatch(VkCommandBuffer c, VkPipeline p, const struct buffer b[3], struct push push,
		 uint32_t groups);

#endif
