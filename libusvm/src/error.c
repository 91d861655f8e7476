// SPDX-License-Identifier: MIT
/* Names and sentences of errors, and what errno values become. */
#include <errno.h>

#include "internal.h"

static const struct {
	const char *name;
	const char *text;
} errors[] = {
#define E(name, text) [name] = { #name, text }
	E(USVM_SUCCESS, "no error"),
	E(USVM_ERROR_INVALID_VALUE, "an argument is out of range"),
	E(USVM_ERROR_OUT_OF_MEMORY, "out of memory"),
	E(USVM_ERROR_NO_DEVICE, "the device that USVM_DEVICE asks for is not there, or cannot share memory"),
	E(USVM_ERROR_INVALID_DEVICE, "there is no device of this number"),
	E(USVM_ERROR_NOT_SUPPORTED, "this device or kernel cannot do that"),
	E(USVM_ERROR_NOT_READY, "the work is still running"),
	E(USVM_ERROR_INVALID_ADDRESS, "no memory is mapped at the address, or it cannot be written"),
	E(USVM_ERROR_DEVICE_LOST, "the kernel stopped the device's work after an error; it needs a reset"),
	E(USVM_ERROR_TIMEOUT, "the device did not finish in time; it needs a reset"),
	E(USVM_ERROR_FORKED, "the library cannot be used in a child of fork()"),
	E(USVM_ERROR_INVALID_MODULE, "not a module file, or it is damaged"),
	E(USVM_ERROR_NOT_FOUND, "no such file or kernel"),
	E(USVM_ERROR_PERMISSION, "no permission to open the device"),
	E(USVM_ERROR_SYSTEM, "the operating system refused"),
#undef E
};

static bool known(usvm_error error)
{
	return (unsigned int)error < sizeof(errors) / sizeof(errors[0]);
}

USVM_API const char *usvm_error_name(usvm_error error)
{
	return known(error) ? errors[error].name : "unknown";
}

USVM_API const char *usvm_error_string(usvm_error error)
{
	return known(error) ? errors[error].text : "unknown error";
}

usvm_error error_from_errno(int err)
{
	switch (err) {
	case 0:
		return USVM_SUCCESS;
	case -ENOMEM:
	case -ENOSPC:
		return USVM_ERROR_OUT_OF_MEMORY;
	case -EINVAL:
		return USVM_ERROR_INVALID_VALUE;
	case -EFAULT:
		return USVM_ERROR_INVALID_ADDRESS;
	case -ENODEV:
		return USVM_ERROR_DEVICE_LOST;
	case -ETIMEDOUT:
		return USVM_ERROR_TIMEOUT;
	case -ENOSYS:
	case -EOPNOTSUPP:
		return USVM_ERROR_NOT_SUPPORTED;
	case -EACCES:
	case -EPERM:
		return USVM_ERROR_PERMISSION;
	case -ENOENT:
		return USVM_ERROR_NOT_FOUND;
	default:
		return USVM_ERROR_SYSTEM;
	}
}
