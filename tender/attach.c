#include "tender/tender.h"

#include "tender/hvt/abi.h"

#include <inttypes.h>
#include <string.h>

/* ---- options against manifest ------------------------------------------------------- */

static const struct solo5_device *declared(const struct unikernel *unikernel, const char *name)
{
	for (size_t i = 0; i < unikernel->device_count; i++)
		if (!strcmp(unikernel->devices[i].name, name))
			return &unikernel->devices[i];
	return NULL;
}

/* What the manifest has, for messages: "service (net), storage (block)". */
static void list_devices(const struct unikernel *unikernel, char *text, size_t size)
{
	size_t length = 0;

	snprintf(text, size, "%s", unikernel->device_count ? "" : "none");
	for (size_t i = 0; i < unikernel->device_count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s (%s)", i ? ", " : "",
					   unikernel->devices[i].name,
					   solo5_device_type_name(unikernel->devices[i].type));
}

static int check_declared(const struct unikernel *unikernel, const char *option, const char *name,
			  uint32_t type, struct error *err)
{
	const struct solo5_device *device = declared(unikernel, name);
	char list[512];

	if (device && device->type == type)
		return 0;
	list_devices(unikernel, list, sizeof(list));
	if (device)
		return err_fail(err, ERR_USAGE,
				"--%s %s: the unikernel declares '%s' as %s, not as %s", option,
				name, name, solo5_device_type_name(device->type),
				solo5_device_type_name(type));
	err_fail(err, ERR_USAGE, "--%s: Resource not declared in manifest: '%s'", option, name);
	return err_mend(err, "the devices of this unikernel: %s", list);
}

static int not_attached(const struct solo5_device *device, struct error *err)
{
	err_fail(err, ERR_USAGE, "Device '%s' of type %s declared but not attached", device->name,
		 solo5_device_type_name(device->type));
	if (device->type == SOLO5_NET_BASIC)
		return err_mend(err,
				"attach it, without root: --net %s=user; or to a tap: --net "
				"%s=tap0",
				device->name, device->name);
	if (device->type == SOLO5_BLOCK_BASIC)
		return err_mend(err, "attach it: --block %s=FILE", device->name);
	return err_mend(err, "this tender has no devices of type %" PRIu32, device->type);
}

static bool is_attached(const struct options_hvt *options, const struct solo5_device *device)
{
	for (size_t i = 0; i < options->net_count; i++)
		if (!strcmp(options->nets[i].name, device->name))
			return options->nets[i].kind != NET_NONE;
	for (size_t i = 0; i < options->block_count; i++)
		if (!strcmp(options->blocks[i].name, device->name))
			return options->blocks[i].path != NULL;
	return false;
}

int tender_check_devices(const struct tender *tender, struct error *err)
{
	const struct unikernel *unikernel = &tender->unikernel;
	const struct options_hvt *options = &tender->options;

	for (size_t i = 0; i < options->net_count; i++)
		if (check_declared(unikernel, "net", options->nets[i].name, SOLO5_NET_BASIC, err) <
		    0)
			return -1;
	for (size_t i = 0; i < options->block_count; i++)
		if (check_declared(unikernel, "block", options->blocks[i].name, SOLO5_BLOCK_BASIC,
				   err) < 0)
			return -1;
	for (size_t i = 0; i < unikernel->device_count; i++)
		/* Types from here on are Solo5's own and need no device. */
		if (unikernel->devices[i].type < HVT_RESERVED_FIRST &&
		    !is_attached(options, &unikernel->devices[i]) &&
		    !guest_provides(tender->guest, &unikernel->devices[i]))
			return not_attached(&unikernel->devices[i], err);
	return 0;
}

/* ---- opening ---------------------------------------------------------------------------- */

static int open_net(struct tender *tender, const struct net_spec *spec, struct error *err)
{
	unsigned handle = declared(&tender->unikernel, spec->name)->handle;
	struct net *net = &tender->nets[tender->net_count];

	if (net_open(net, spec, &tender->options.identity, err) < 0)
		return -1;
	tender->net_count++;
	tender->devices.nets[handle] = net;
	return guest_attach_net(tender->guest, handle, net, err);
}

static int open_block(struct tender *tender, const struct block_option *option, struct error *err)
{
	unsigned handle = declared(&tender->unikernel, option->name)->handle;
	struct block *block = &tender->blocks[tender->block_count];

	if (block_open(block, option->name, option->path, option->block_size, option->read_only,
		       err) < 0)
		return -1;
	tender->block_count++;
	tender->devices.blocks[handle] = block;
	guest_attach_block(tender->guest, handle, block);
	return 0;
}

int tender_open_devices(struct tender *tender, struct error *err)
{
	const struct options_hvt *options = &tender->options;

	for (size_t i = 0; i < options->net_count; i++)
		if (open_net(tender, &options->nets[i], err) < 0)
			return -1;
	for (size_t i = 0; i < options->block_count; i++)
		if (open_block(tender, &options->blocks[i], err) < 0)
			return -1;
	devices_prepare(&tender->devices, &tender->stop);
	return 0;
}
