// SPDX-License-Identifier: MIT
/* Modules: kernels from a file, from C functions, or both; and launching them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "module.h"
#include "module_format.h"

#define MAX_FILE	(64ull << 20)
#define MAX_KERNELS	1024

static usvm_error read_file(const char *path, unsigned char **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	usvm_error err = USVM_SUCCESS;
	struct stat st;
	size_t at = 0;

	if (fd < 0)
		return error_from_errno(-errno);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > MAX_FILE) {
		close(fd);
		return USVM_ERROR_INVALID_MODULE;
	}
	*size = (size_t)st.st_size;
	*bytes = malloc(*size ? *size : 1);
	if (!*bytes)
		err = USVM_ERROR_OUT_OF_MEMORY;
	while (!err && at < *size) {
		ssize_t got = read(fd, *bytes + at, *size - at);

		if (got <= 0)
			err = USVM_ERROR_SYSTEM;
		else
			at += (size_t)got;
	}
	close(fd);
	if (err) {
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}

static bool inside(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

static bool header_ok(const struct usvm_module_header *h, uint64_t size)
{
	return !memcmp(h->magic, USVM_MODULE_MAGIC, sizeof(h->magic)) &&
	       h->version == USVM_MODULE_VERSION && h->sm == USVM_MODULE_SM60 &&
	       h->kernels && h->kernels <= MAX_KERNELS && !h->reserved &&
	       inside(h->table, h->kernels * sizeof(struct usvm_module_entry), size) &&
	       inside(h->strings, h->strings_size, size) && h->strings_size &&
	       inside(h->code, h->code_size, size);
}

static usvm_error take_entry(struct usvm_kernel *k, const struct usvm_module_entry *e,
			     const struct usvm_module_header *h, const char *strings)
{
	uint32_t end = 0;

	if (e->name >= h->strings_size || e->arguments > USVM_MAX_ARGUMENTS ||
	    e->code >= h->code_size || e->code % 64 || !e->registers || e->registers > 255 ||
	    e->barriers > 16 || e->shared_bytes > 48 << 10 || e->local_bytes > 512 << 10)
		return USVM_ERROR_INVALID_MODULE;
	for (uint32_t i = 0; i < e->arguments; i++) {
		if (e->offset[i] < end || !e->size[i] ||
		    e->offset[i] + e->size[i] > USVM_MAX_ARGUMENT_BYTES)
			return USVM_ERROR_INVALID_MODULE;
		end = e->offset[i] + e->size[i];
	}
	k->name = strdup(strings + e->name);
	if (!k->name)
		return USVM_ERROR_OUT_OF_MEMORY;
	k->arguments = e->arguments;
	memcpy(k->size, e->size, sizeof(k->size));
	memcpy(k->offset, e->offset, sizeof(k->offset));
	k->bytes = end;
	k->code = true;
	k->code_offset = e->code;
	k->registers = e->registers;
	k->barriers = e->barriers;
	k->shared_bytes = e->shared_bytes;
	k->local_bytes = e->local_bytes;
	return USVM_SUCCESS;
}

static usvm_error parse(struct usvm_module *m, const unsigned char *bytes, size_t size)
{
	struct usvm_module_header h;
	const char *strings;

	if (size < sizeof(h))
		return USVM_ERROR_INVALID_MODULE;
	memcpy(&h, bytes, sizeof(h));
	if (!header_ok(&h, size))
		return USVM_ERROR_INVALID_MODULE;
	strings = (const char *)bytes + h.strings;
	if (strings[h.strings_size - 1])
		return USVM_ERROR_INVALID_MODULE;
	m->kernels = calloc(h.kernels, sizeof(*m->kernels));
	m->code = malloc(h.code_size ? h.code_size : 1);
	if (!m->kernels || !m->code)
		return USVM_ERROR_OUT_OF_MEMORY;
	memcpy(m->code, bytes + h.code, h.code_size);
	m->code_size = h.code_size;
	for (uint32_t i = 0; i < h.kernels; i++) {
		struct usvm_module_entry e;
		usvm_error err;

		memcpy(&e, bytes + h.table + i * sizeof(e), sizeof(e));
		err = take_entry(&m->kernels[i], &e, &h, strings);
		if (err)
			return err;
		m->kernels[i].module = m;
		m->count++;
	}
	return USVM_SUCCESS;
}

static struct usvm_kernel *find(const struct usvm_module *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->kernels[i].name, name))
			return &m->kernels[i];
	return NULL;
}

/* A host kernel that the file has, too, must take the same arguments. */
static usvm_error add_host(struct usvm_module *m, const struct usvm_host_kernel *host)
{
	struct usvm_kernel *k;

	if (!host->name || !host->call || host->arguments > USVM_MAX_ARGUMENTS ||
	    (host->arguments && !host->sizes))
		return USVM_ERROR_INVALID_VALUE;
	k = find(m, host->name);
	if (k) {
		if (k->arguments != host->arguments ||
		    memcmp(k->size, host->sizes, host->arguments * sizeof(k->size[0])))
			return USVM_ERROR_INVALID_MODULE;
		k->call = host->call;
		return USVM_SUCCESS;
	}
	k = &m->kernels[m->count];
	k->name = strdup(host->name);
	if (!k->name)
		return USVM_ERROR_OUT_OF_MEMORY;
	m->count++;
	k->module = m;
	k->call = host->call;
	k->arguments = host->arguments;
	for (unsigned int i = 0; i < host->arguments; i++) {
		k->size[i] = host->sizes[i];
		k->offset[i] = (uint16_t)k->bytes;
		k->bytes += (host->sizes[i] + 7u) & ~7u;
		if (k->bytes > USVM_MAX_ARGUMENT_BYTES)
			return USVM_ERROR_INVALID_VALUE;
	}
	return USVM_SUCCESS;
}

static void free_module(struct usvm_module *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->kernels[i].name);
	free(m->kernels);
	free(m->code);
	free(m);
}

static usvm_error add_hosts(struct usvm_module *m, const struct usvm_host_kernel *host,
			    size_t hosts)
{
	struct usvm_kernel *more = realloc(m->kernels, (m->count + hosts) * sizeof(*more));

	if (!more)
		return USVM_ERROR_OUT_OF_MEMORY;
	memset(more + m->count, 0, hosts * sizeof(*more));
	m->kernels = more;
	for (size_t i = 0; i < hosts; i++) {
		usvm_error err = add_host(m, &host[i]);

		if (err)
			return err;
	}
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_module_load(usvm_module **module, const char *path,
				     const struct usvm_host_kernel *host, size_t hosts)
{
	unsigned char *bytes = NULL;
	struct usvm_module *m;
	struct device *dev;
	usvm_error err;
	size_t size = 0;

	if (!module || (!path && !hosts) || (hosts && !host) || hosts > MAX_KERNELS)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_device(&dev);
	if (err)
		return api_return(err);
	m = calloc(1, sizeof(*m));
	if (!m)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	m->dev = dev;
	if (path)
		err = read_file(path, &bytes, &size);
	if (!err && path)
		err = parse(m, bytes, size);
	free(bytes);
	if (!err && hosts)
		err = add_hosts(m, host, hosts);
	if (!err && (!dev->backend->attribute(dev, USVM_ATTR_KERNELS) ||
		     (dev->backend == &host_backend ? !hosts : !path)))
		err = USVM_ERROR_NOT_SUPPORTED;
	if (err) {
		free_module(m);
		return api_return(err);
	}
	*module = m;
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_module_unload(usvm_module *module)
{
	usvm_error err = module ? api_usable() : USVM_ERROR_INVALID_VALUE;

	if (err)
		return api_return(err);
	device_drain(module->dev);
	if (module->release)
		module->release(module);
	free_module(module);
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_module_get_kernel(usvm_kernel **kernel, usvm_module *module,
					   const char *name)
{
	usvm_error err = kernel && module && name ? api_usable() : USVM_ERROR_INVALID_VALUE;

	if (!err) {
		*kernel = find(module, name);
		if (!*kernel)
			err = USVM_ERROR_NOT_FOUND;
	}
	return api_return(err);
}

static bool shape_ok(struct usvm_dim3 grid, struct usvm_dim3 block)
{
	return grid.x && grid.y && grid.z && grid.x <= 0x7fffffff && grid.y <= 0xffff &&
	       grid.z <= 0xffff && block.x && block.y && block.z && block.x <= 1024 &&
	       block.y <= 1024 && block.z <= 64 && (uint64_t)block.x * block.y * block.z <= 1024;
}

USVM_API usvm_error usvm_launch(usvm_kernel *kernel, struct usvm_dim3 grid,
				struct usvm_dim3 block, void **arguments, usvm_stream *stream)
{
	usvm_error err;
	struct op *op;

	if (!kernel || !shape_ok(grid, block) || (kernel->arguments && !arguments))
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_stream(&stream);
	if (!err && stream->dev != kernel->module->dev)
		err = USVM_ERROR_INVALID_DEVICE;
	for (unsigned int i = 0; !err && i < kernel->arguments; i++)
		if (!arguments[i])
			err = USVM_ERROR_INVALID_VALUE;
	if (err)
		return api_return(err);
	op = calloc(1, sizeof(*op));
	if (op)
		op->grid = calloc(1, sizeof(*op->grid));
	if (!op || !op->grid) {
		free(op);
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	}
	op->kind = OP_LAUNCH;
	op->grid->kernel = kernel;
	op->grid->grid = grid;
	op->grid->block = block;
	for (unsigned int i = 0; i < kernel->arguments; i++)
		memcpy(&op->grid->bytes[kernel->offset[i]], arguments[i], kernel->size[i]);
	return api_return(stream_enqueue(stream, op));
}
