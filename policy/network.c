#include "policy/network.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"

#include <string.h>

#define LINUX_PARAMETERS_MAX 4095 /* bytes: one page, NUL-terminated */
#define LINUX_INTERFACE_MAX 15	  /* characters of a network interface's name (IFNAMSIZ - 1) */

static const struct component *find_component(const struct composition *composition,
					      const char *name)
{
	for (size_t i = 0; i < composition->unikernel_count; i++)
		if (!strcmp(composition->unikernels[i].component->name, name))
			return composition->unikernels[i].component;
	return NULL;
}

static bool find_device(const struct component *component, const char *name,
			struct component_device *device)
{
	for (size_t position = 0; component_next_device(component, &position, device);)
		if (!strcmp(device->name, name))
			return true;
	return false;
}

static bool is_end(const struct link_end *end, const char *unikernel, const char *device)
{
	return !strcmp(end->unikernel, unikernel) && !strcmp(end->device, device);
}

/* The end that the device is joined to, or NULL. */
static const struct link_end *other_end(const struct composition *composition,
					const char *unikernel, const char *device)
{
	for (size_t i = 0; i < composition->link_count; i++) {
		const struct link *link = &composition->links[i];

		if (is_end(&link->left, unikernel, device))
			return &link->right;
		if (is_end(&link->right, unikernel, device))
			return &link->left;
	}
	return NULL;
}

/* ---- links --------------------------------------------------------------- */

static int fail_no_unikernel(const struct composition *composition, const char *name,
			     struct error *err)
{
	cleanup_buffer struct buffer known = { 0 };

	for (size_t i = 0; i < composition->unikernel_count; i++)
		buffer_printf(&known, "%s%s", i ? ", " : "",
			      composition->unikernels[i].component->name);
	err_fail(err, ERR_USAGE, "--connect: there is no unikernel '%s' in this system", name);
	return err_mend(err, "the unikernels are: %s", known.data);
}

static int fail_no_device(const struct component *component, const char *name, struct error *err)
{
	cleanup_buffer struct buffer known = { 0 };
	struct component_device device;

	for (size_t position = 0; component_next_device(component, &position, &device);)
		buffer_printf(&known, "%s%s", known.length ? ", " : "", device.name);
	err_fail(err, ERR_USAGE, "--connect: the unikernel '%s' has no network device '%s'",
		 component->name, name);
	return err_mend(err,
			known.length ? "its network devices are: %s"
				     : "its manifest declares no network device%s",
			known.length ? known.data : "");
}

static int check_end(const struct composition *composition, const struct link_end *end,
		     struct component_device *device, struct error *err)
{
	const struct component *component = find_component(composition, end->unikernel);

	if (!component)
		return fail_no_unikernel(composition, end->unikernel, err);
	if (!find_device(component, end->device, device))
		return fail_no_device(component, end->device, err);
	return 0;
}

static int check_sizes(const struct link *link, const struct component_channel *from,
		       const struct component_channel *to, struct error *err)
{
	char from_text[32], to_text[32];

	if (from->size == to->size)
		return 0;
	err_fail(err, ERR_USAGE,
		 "--connect %s:%s=%s:%s: channel '%s' has %s, its other side '%s' has %s",
		 link->left.unikernel, link->left.device, link->right.unikernel, link->right.device,
		 from->logical, size_to_text(from->size, from_text), to->logical,
		 size_to_text(to->size, to_text));
	return err_mend(err, "both sides of a link are one channel: give them the same "
			     "--channel-size");
}

/* Whether two links share an end. A link of a device with itself is one end twice. */
static bool share_end(const struct link *a, const struct link *b)
{
	return is_end(&a->left, b->left.unikernel, b->left.device) ||
	       is_end(&a->left, b->right.unikernel, b->right.device) ||
	       is_end(&a->right, b->left.unikernel, b->left.device) ||
	       is_end(&a->right, b->right.unikernel, b->right.device);
}

static int check_link(const struct composition *composition, size_t index, struct error *err)
{
	const struct link *link = &composition->links[index];
	struct component_device left, right;

	if (check_end(composition, &link->left, &left, err) < 0 ||
	    check_end(composition, &link->right, &right, err) < 0 ||
	    check_sizes(link, left.out, right.in, err) < 0 ||
	    check_sizes(link, right.out, left.in, err) < 0)
		return -1;
	for (size_t i = 0; i < index; i++) {
		if (!share_end(link, &composition->links[i]))
			continue;
		err_fail(err, ERR_USAGE,
			 "--connect %s:%s=%s:%s: one of the two is joined to another device "
			 "already",
			 link->left.unikernel, link->left.device, link->right.unikernel,
			 link->right.device);
		return err_mend(err, "a device has one other side; give the unikernel a second "
				     "network device");
	}
	return 0;
}

/* ---- names --------------------------------------------------------------- */

static char *keep(struct network *network, char *text)
{
	array_grow(network->texts, network->text_count);
	network->texts[network->text_count++] = text;
	return text;
}

/* The place of the device among its unikernel's, from 1. */
static size_t device_number(const struct component *component, const char *name)
{
	struct component_device device;
	size_t number = 0;

	for (size_t position = 0; component_next_device(component, &position, &device);) {
		number++;
		if (!strcmp(device.name, name))
			break;
	}
	return number;
}

static const struct unikernel_request *find_request(const struct composition *composition,
						    const char *name)
{
	for (size_t i = 0; i < composition->unikernel_count; i++)
		if (!strcmp(composition->unikernels[i].component->name, name))
			return &composition->unikernels[i];
	return NULL;
}

/* "<subject>_<device>_out", as Muen's composer has it; with the device's number for its name
 * where Muen's limit wants it. */
static const char *channel_name(struct network *network, const struct unikernel_request *request,
				const char *device, const char *direction)
{
	const char *name =
		keep(network, xasprintf("%s_%s_%s", request->subject, device, direction));

	if (strlen(name) <= MUEN_NAME_MAX)
		return name;
	return keep(network, xasprintf("%s_%zu_%s", request->subject,
				       device_number(request->component, device), direction));
}

static size_t count_devices_named(const struct composition *composition, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < composition->unikernel_count; i++) {
		const struct component *component = composition->unikernels[i].component;
		struct component_device device;

		if (find_device(component, name, &device) &&
		    !other_end(composition, component->name, name))
			count++;
	}
	return count;
}

/* Names of interfaces stand in Linux' boot parameters, with commas between. */
static bool is_plain(const char *name)
{
	return !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.-")];
}

/* Whether no other interface has the name, nor will have it as a device's own. */
static bool is_free(const struct network *network, const struct composition *composition,
		    const char *name)
{
	for (size_t i = 0; i < network->count; i++)
		if (network->devices[i].interface && !strcmp(network->devices[i].interface, name))
			return false;
	return !count_devices_named(composition, name);
}

/* The interface's name in Linux: the device's own where that tells it from the others. */
static const char *interface_name(struct network *network, const struct composition *composition,
				  const struct unikernel_request *request, const char *device)
{
	const char *name;

	if (is_plain(device) && count_devices_named(composition, device) == 1 &&
	    (strlen(device) <= LINUX_INTERFACE_MAX || composition->unikernel_count == 1))
		return keep(network, xstrdup(device));
	name = keep(network, xasprintf("%s_%s", request->subject, device));
	if (is_plain(name) && strlen(name) <= LINUX_INTERFACE_MAX &&
	    is_free(network, composition, name))
		return name;
	for (size_t number = network->count;; number++) {
		name = keep(network, xasprintf("net_%zu", number));
		if (is_free(network, composition, name))
			return name;
	}
}

static void note_interface(const struct joined_device *joined, struct findings *findings)
{
	if (strlen(joined->interface) > LINUX_INTERFACE_MAX)
		findings_add(findings, FINDING_WARNING,
			     "declare the device with a shorter name in the unikernel",
			     "Linux cannot have a network interface '%s': its names have at most "
			     "%d characters",
			     joined->interface, LINUX_INTERFACE_MAX);
	else if (strcmp(joined->interface, joined->device.name))
		findings_add(findings, FINDING_NOTE, "",
			     "device '%s' of '%s' is the interface '%s' in Linux",
			     joined->device.name, joined->request->component->name,
			     joined->interface);
}

/* ---- the plan ------------------------------------------------------------ */

static void join_device(struct network *network, const struct composition *composition,
			const struct unikernel_request *request,
			const struct component_device *device, struct findings *findings)
{
	const struct link_end *end = other_end(composition, request->component->name, device->name);
	struct joined_device joined = { .request = request, .device = *device };

	joined.out = channel_name(network, request, device->name, "out");
	if (end) {
		joined.in = channel_name(network, find_request(composition, end->unikernel),
					 end->device, "out");
	} else {
		joined.in = channel_name(network, request, device->name, "in");
		joined.interface = interface_name(network, composition, request, device->name);
		note_interface(&joined, findings);
		network->needs_linux = true;
	}
	array_grow(network->devices, network->count);
	network->devices[network->count++] = joined;
}

int network_plan(const struct composition *composition, struct network *network,
		 struct findings *findings, struct error *err)
{
	for (size_t i = 0; i < composition->link_count; i++)
		if (check_link(composition, i, err) < 0)
			return -1;
	for (size_t i = 0; i < composition->unikernel_count; i++) {
		const struct unikernel_request *request = &composition->unikernels[i];
		struct component_device device;

		for (size_t position = 0;
		     component_next_device(request->component, &position, &device);)
			join_device(network, composition, request, &device, findings);
	}
	return 0;
}

char *network_linux_parameters(const struct network *network, const char *parameters,
			       struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };
	const char *separator = "";

	if (parameters && *parameters)
		buffer_printf(&text, "%s ", parameters);
	buffer_add_text(&text, "unikernel_iface=");
	for (size_t i = 0; i < network->count; i++) {
		if (!network->devices[i].interface)
			continue;
		buffer_printf(&text, "%s%s", separator, network->devices[i].interface);
		separator = ",";
	}
	if (text.length <= LINUX_PARAMETERS_MAX)
		return steal(text.data);
	err_fail(err, ERR_USAGE,
		 "the boot parameters of Linux would have %zu bytes, at most %d fit", text.length,
		 LINUX_PARAMETERS_MAX);
	err_mend(err, "join unikernels directly where you can: --connect");
	return NULL;
}

int network_check_linux_room(uint64_t end, struct error *err)
{
	char text[32];

	if (end <= LINUX_CHANNELS_END)
		return 0;
	err_fail(err, ERR_USAGE,
		 "the network channels would take %s of Linux' address space, "
		 "there is room for %s",
		 size_to_text(end - LINUX_CHANNELS, text),
		 size_to_text(LINUX_CHANNELS_END - LINUX_CHANNELS, (char[32]){ 0 }));
	return err_mend(err, "use smaller channels: --channel-size");
}

void network_free(struct network *network)
{
	for (size_t i = 0; i < network->text_count; i++)
		free(network->texts[i]);
	free(network->texts);
	free(network->devices);
	*network = (struct network){ 0 };
}
