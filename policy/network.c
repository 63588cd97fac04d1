#include "policy/network.h"

#include "base/buffer.h"
#include "base/text.h"
#include "policy/subjects.h"

#include <string.h>

/* Where Muen's composer puts the channels of its Linux, and where the next thing lies. */
#define LINUX_CHANNELS 0xe03000000ull
#define LINUX_CHANNELS_END 0xfffd00000ull

#define LINUX_INTERFACE_MAX 15	  /* characters of a network interface's name (IFNAMSIZ - 1) */
#define LINUX_PARAMETERS_MAX 4095 /* bytes: one page, NUL-terminated */

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

int network_check_links(const struct composition *composition, struct error *err)
{
	for (size_t i = 0; i < composition->link_count; i++)
		if (check_link(composition, i, err) < 0)
			return -1;
	return 0;
}

bool network_needs_linux(const struct composition *composition)
{
	for (size_t i = 0; i < composition->unikernel_count; i++) {
		const struct component *component = composition->unikernels[i].component;
		struct component_device device;

		for (size_t position = 0; component_next_device(component, &position, &device);)
			if (!other_end(composition, component->name, device.name))
				return true;
	}
	return false;
}

/* ---- channels ------------------------------------------------------------ */

/* "<unikernel>_<device>_out", shortened if Muen's limit wants it: `number` is the device's
 * place among the unikernel's devices. */
static const char *channel_name(struct system *system, const struct component *component,
				const char *device, size_t number, const char *direction)
{
	const char *name = system_text(system, "%s_%s_%s", component->name, device, direction);

	if (strlen(name) <= MUEN_NAME_MAX)
		return name;
	return system_text(system, "%s_%zu_%s", component->name, number, direction);
}

/* The number of the device among the unikernel's, from 1. */
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

/* The channel that a device reads: what the other side writes, or what Linux writes for it. */
static const char *incoming(struct system *system, const struct composition *composition,
			    const struct component *component, const char *device)
{
	const struct link_end *end = other_end(composition, component->name, device);
	const struct component *other = end ? find_component(composition, end->unikernel) : NULL;

	if (other)
		return channel_name(system, other, end->device, device_number(other, end->device),
				    "out");
	return channel_name(system, component, device, device_number(component, device), "in");
}

/* ---- Linux --------------------------------------------------------------- */

/* Joining Linux's ends, device after device. */
struct linux_side {
	struct subject *subject;  /* NULL: there is no Linux */
	uint64_t address;	  /* of its next channel */
	unsigned unnamed;	  /* interfaces that got a number for a name */
	struct buffer interfaces; /* their names, separated by commas */
};

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

/* The interface's name in Linux: the device's own where that tells it from the others. */
static const char *interface_name(struct system *system, const struct composition *composition,
				  struct linux_side *side, const char *unikernel,
				  const char *device)
{
	const char *name;

	if (count_devices_named(composition, device) == 1 &&
	    (strlen(device) <= LINUX_INTERFACE_MAX || composition->unikernel_count == 1))
		return device;
	name = system_text(system, "%s_%s", unikernel, device);
	if (strlen(name) <= LINUX_INTERFACE_MAX)
		return name;
	return system_text(system, "net_%u", ++side->unnamed);
}

static void add_linux_channel(struct system *system, struct linux_side *side, bool writer,
			      const char *interface, const char *physical, uint64_t size)
{
	struct channel_end end = { .writer = writer,
				   .logical = system_text(system, "%s|%s", interface,
							  writer ? "in" : "out"),
				   .physical = physical,
				   .address = side->address };

	subject_add_channel(side->subject, end);
	side->address += size;
}

static void join_linux(struct system *system, const struct composition *composition,
		       struct linux_side *side, const struct component *component,
		       const struct component_device *device, const char *in, const char *out,
		       struct findings *findings)
{
	const char *interface =
		interface_name(system, composition, side, component->name, device->name);

	system_add_channel(system, in, device->in->size, false, component->name);
	/* In the order in which the unikernel has them, as Muen's composer does. */
	add_linux_channel(system, side, true, interface, in, device->in->size);
	add_linux_channel(system, side, false, interface, out, device->out->size);
	buffer_printf(&side->interfaces, "%s%s", side->interfaces.length ? "," : "", interface);
	if (strlen(interface) > LINUX_INTERFACE_MAX)
		findings_add(findings, FINDING_WARNING,
			     "declare the device with a shorter name in the unikernel",
			     "Linux cannot have a network interface '%s': its names have at most "
			     "%d characters",
			     interface, LINUX_INTERFACE_MAX);
	else if (strcmp(interface, device->name))
		findings_add(findings, FINDING_NOTE, "",
			     "device '%s' of '%s' is interface '%s' in %s", device->name,
			     component->name, interface, SUBJECT_LINUX);
}

static int finish_linux(struct system *system, struct linux_side *side, struct error *err)
{
	const char *parameters = side->subject->bootparams;

	if (side->address > LINUX_CHANNELS_END) {
		char text[32];

		err_fail(err, ERR_USAGE,
			 "the channels of %s would take %s, its address space has "
			 "room for %s",
			 SUBJECT_LINUX, size_to_text(side->address - LINUX_CHANNELS, text),
			 size_to_text(LINUX_CHANNELS_END - LINUX_CHANNELS, (char[32]){ 0 }));
		return err_mend(err, "use smaller channels: --channel-size");
	}
	parameters = system_text(system, "%s%sunikernel_iface=%s", parameters ? parameters : "",
				 parameters && *parameters ? " " : "", side->interfaces.data);
	if (strlen(parameters) > LINUX_PARAMETERS_MAX) {
		err_fail(err, ERR_USAGE,
			 "the boot parameters of %s would have %zu bytes, at most %d fit",
			 SUBJECT_LINUX, strlen(parameters), LINUX_PARAMETERS_MAX);
		return err_mend(err, "join unikernels directly where you can: --connect");
	}
	side->subject->bootparams = parameters;
	return 0;
}

/* ---- all of it ----------------------------------------------------------- */

static void join_device(struct system *system, const struct composition *composition,
			struct linux_side *side, const struct component *component,
			struct subject *subject, const struct component_device *device,
			struct findings *findings)
{
	size_t number = device_number(component, device->name);
	const char *in = incoming(system, composition, component, device->name);
	const char *out = channel_name(system, component, device->name, number, "out");

	subject_map(subject, device->in->logical, in);
	subject_map(subject, device->out->logical, out);
	if (!other_end(composition, component->name, device->name))
		join_linux(system, composition, side, component, device, in, out, findings);
	system_add_channel(system, out, device->out->size, false, component->name);
}

static struct subject *find_subject(struct system *system, const char *name)
{
	for (size_t i = 0; i < system->subject_count; i++)
		if (!strcmp(system->subjects[i].name, name))
			return &system->subjects[i];
	return NULL;
}

int network_join(struct system *system, const struct composition *composition,
		 struct findings *findings, struct error *err)
{
	struct linux_side side = { .subject = find_subject(system, SUBJECT_LINUX),
				   .address = LINUX_CHANNELS };
	int result = 0;

	for (size_t i = 0; i < composition->unikernel_count; i++) {
		const struct component *component = composition->unikernels[i].component;
		struct subject *subject = find_subject(system, component->name);
		struct component_device device;

		for (size_t position = 0; component_next_device(component, &position, &device);)
			join_device(system, composition, &side, component, subject, &device,
				    findings);
	}
	if (side.subject)
		result = finish_linux(system, &side, err);
	buffer_free(&side.interfaces);
	return result;
}
