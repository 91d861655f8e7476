// SPDX-License-Identifier: MIT
/* What a program can ask of a device as a whole. */
#include <string.h>

#include "internal.h"

USVM_API usvm_error usvm_device_get_properties(struct usvm_device_properties *properties,
					       int device)
{
	struct device *dev;
	usvm_error err = properties ? api_device_at(device, &dev) : USVM_ERROR_INVALID_VALUE;

	if (err)
		return api_return(err);
	memset(properties, 0, sizeof(*properties));
	dev->backend->properties(dev, properties);
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_device_get_attribute(int *value, enum usvm_device_attribute attribute,
					      int device)
{
	struct device *dev;
	usvm_error err = value ? api_device_at(device, &dev) : USVM_ERROR_INVALID_VALUE;
	int answer;

	if (err)
		return api_return(err);
	answer = dev->backend->attribute(dev, attribute);
	if (answer < 0)
		return api_return(USVM_ERROR_INVALID_VALUE);
	*value = answer;
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_mem_get_info(size_t *free_bytes, size_t *total_bytes)
{
	struct device *dev;
	usvm_error err = free_bytes && total_bytes ? api_device(&dev) : USVM_ERROR_INVALID_VALUE;

	if (!err)
		err = dev->backend->mem_info(dev, free_bytes, total_bytes);
	return api_return(err);
}

USVM_API usvm_error usvm_device_get_statistics(struct usvm_statistics *statistics, int device)
{
	struct device *dev;
	usvm_error err = statistics ? api_device_at(device, &dev) : USVM_ERROR_INVALID_VALUE;

	if (err)
		return api_return(err);
	memset(statistics, 0, sizeof(*statistics));
	dev->backend->statistics(dev, statistics);
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_device_reset(void)
{
	struct device *dev;
	usvm_error err = api_device(&dev);

	if (err)
		return api_return(err);
	/* From here on queued work ends at once, so that the wait is short. */
	atomic_store(&dev->lost, USVM_ERROR_DEVICE_LOST);
	pthread_mutex_lock(&runtime_lock);
	for (usvm_stream *s = dev->streams; s; s = s->next)
		stream_quiesce(s);
	dev->backend->reset(dev);
	atomic_store(&dev->lost, USVM_SUCCESS);
	pthread_mutex_unlock(&runtime_lock);
	return USVM_SUCCESS;
}
