#include "policy/template.h"

#include "base/alloc.h"
#include "policy/network.h"
#include "policy/subject_xml.h"

#include <string.h>

/* The orders of child elements that Muen's source format wants. */
static const char *const system_order[] = { "config",	  "expressions",   "hardware",	 "platform",
					    "memory",	  "deviceDomains", "events",	 "channels",
					    "components", "subjects",	   "scheduling", "include",
					    NULL };
static const char *const subject_order[] = { "vcpu",	"bootparams", "memory",
					     "devices", "events",     "channels",
					     "monitor", "component",  NULL };

/* ---- subjects ------------------------------------------------------------ */

static struct xml_node *need_section(struct xml_node *root, const char *name, struct error *err)
{
	struct xml_node *section = xml_first(root, name);

	if (section)
		return section;
	xml_fail(root, err, "the template has no <%s>", name);
	err_mend(err, "use a complete system policy in source form, such as Muen's own "
		      "mirage-solo5.xml");
	return NULL;
}

static void list_references(const struct xml_node *subjects, struct buffer *text)
{
	xml_each (subject, subjects, "subject") {
		struct xml_node *component = xml_first(subject, "component");
		const char *reference = component ? xml_get(component, "ref") : NULL;

		if (reference)
			buffer_printf(text, "%s%s", text->length ? ", " : "", reference);
	}
}

/* The one subject that refers to the component. */
static struct xml_node *find_subject(const struct xml_node *subjects, const char *component,
				     struct error *err)
{
	cleanup_buffer struct buffer known = { 0 };
	struct xml_node *found = NULL;

	xml_each (subject, subjects, "subject") {
		if (!xml_find(subject, "component", "ref", component))
			continue;
		if (found) {
			xml_fail(subject, err,
				 "is the second subject that refers to the component "
				 "'%s': both would write its channels",
				 component);
			err_mend(err, "convert the unikernel twice, with two --name");
			return NULL;
		}
		found = subject;
	}
	if (found)
		return found;
	list_references(subjects, &known);
	xml_fail(subjects, err, "no subject of the template refers to the component '%s'",
		 component);
	err_mend(err,
		 "name the unikernel as the template does (name=...); its subjects refer to: "
		 "%s",
		 known.length ? known.data : "nothing");
	return NULL;
}

static void append_bootparams(struct xml_node *subject, const char *parameters)
{
	struct xml_node *node = xml_child(subject, "bootparams", subject_order);
	cleanup_free char *before = xml_text(node);
	cleanup_free char *after = xasprintf("%s%s%s", before, *before ? " " : "", parameters);

	xml_set_text(node, after);
}

static int check_bootparams(const struct xml_node *subject, struct error *err)
{
	size_t length = 0;

	xml_each (node, subject, "bootparams") {
		cleanup_free char *text = xml_text(node);

		length += strlen(text) + 1;
	}
	if (length <= BOOT_PARAMETERS_MAX + 1)
		return 0;
	xml_fail(subject, err, "its boot parameters would have %zu bytes, their page holds %d",
		 length - 1, BOOT_PARAMETERS_MAX);
	return err_mend(err, "the template and --bootparams together give too many");
}

/* ---- one unikernel ------------------------------------------------------- */

static int add_component(struct xml_node *root, const struct component *component,
			 struct error *err)
{
	struct xml_node *components = xml_child(root, "components", system_order);
	struct xml_node *present = xml_find(components, "component", "name", component->name);
	cleanup_xml struct xml_document *document = NULL;

	if (present) {
		xml_fail(present, err, "the template has a component '%s' already",
			 component->name);
		return err_mend(err, "remove it from the template, or give the unikernel another "
				     "name");
	}
	document =
		xml_parse(component->name, component->document, strlen(component->document), err);
	if (!document)
		return -1;
	xml_add_copy(components, xml_root(document));
	return 0;
}

static void add_resettable(struct xml_node *root, const char *subject, bool resettable)
{
	struct xml_node *config = xml_child(root, "config", system_order);
	cleanup_free char *name = xasprintf("%s_resettable", subject);
	struct xml_node *node = xml_find(config, "boolean", "name", name);

	/* mucfgmerge sorts the variables by type: the end is as good a place as any. */
	if (!node)
		node = xml_add(config, "boolean");
	xml_set(node, "name", name);
	xml_set_bool(node, "value", resettable);
}

/* Subjects are found by their name from here on. */
static int check_only_one(const struct xml_node *subjects, const struct xml_node *subject,
			  struct error *err)
{
	xml_each (other, subjects, "subject") {
		const char *name = xml_get(other, "name");

		if (other == subject || !name || strcmp(name, xml_get(subject, "name")) != 0)
			continue;
		xml_fail(other, err, "is another subject of that name");
		return err_mend(err, "give each subject of the template a name of its own");
	}
	return 0;
}

static int add_unikernel(struct xml_node *root, struct xml_node *subjects,
			 struct unikernel_request *request, struct error *err)
{
	const struct component *component = request->component;
	struct xml_node *subject = find_subject(subjects, component->name, err);

	if (!subject || xml_need(subject, "name", &request->subject, err) < 0 ||
	    check_only_one(subjects, subject, err) < 0 || add_component(root, component, err) < 0)
		return -1;
	add_resettable(root, request->subject, component->resettable);
	if (*component->bootparams)
		append_bootparams(subject, component->bootparams);
	return check_bootparams(subject, err);
}

/* ---- the network --------------------------------------------------------- */

/* Adds a physical channel unless the template has one of that name and size. */
static int add_channel(struct xml_node *channels, const char *name, uint64_t size,
		       struct error *err)
{
	struct xml_node *present = xml_find(channels, "channel", "name", name);
	uint64_t present_size;

	if (!present) {
		write_channel(channels, name, size, false);
		return 0;
	}
	if (xml_need_number(present, "size", &present_size, err) < 0)
		return -1;
	if (present_size == size)
		return 0;
	xml_fail(present, err, "has 0x%llx bytes, the unikernel's channel has 0x%llx",
		 (unsigned long long)present_size, (unsigned long long)size);
	return err_mend(err, "use the template's size: --channel-size %llu",
			(unsigned long long)present_size);
}

/* Maps the channel for the unikernel, unless the template does so itself. */
static bool map_channel(struct xml_node *subject, const char *logical, const char *physical)
{
	struct xml_node *component = xml_first(subject, "component");
	struct xml_node *map;

	if (xml_find(component, "map", "logical", logical))
		return false;
	map = xml_add(component, "map");
	xml_set(map, "logical", logical);
	xml_set(map, "physical", physical);
	return true;
}

/* The first address behind the channels that the template's driver has in that area. */
static uint64_t first_free_address(const struct xml_node *ends, const struct xml_node *channels)
{
	uint64_t address = LINUX_CHANNELS;

	xml_each (end, ends, NULL) {
		const char *text = xml_get(end, "virtualAddress");
		const char *physical = xml_get(end, "physical");
		struct xml_node *channel = NULL;
		uint64_t start, size = MUEN_PAGE;

		if (!text || ada_number(text, &start) < 0 || start < LINUX_CHANNELS ||
		    start >= LINUX_CHANNELS_END)
			continue;
		if (physical)
			channel = xml_find(channels, "channel", "name", physical);
		if (channel && xml_get(channel, "size"))
			(void)ada_number(xml_get(channel, "size"), &size);
		if (size < LINUX_CHANNELS_END && start + size > address)
			address = start + size;
	}
	return muen_page_up(address);
}

static void add_driver_end(struct xml_node *ends, const struct joined_device *joined,
			   const struct component_channel *channel, const char *physical,
			   uint64_t *address)
{
	struct xml_node *end = xml_add(ends, channel->writer ? "reader" : "writer");
	cleanup_free char *logical =
		xasprintf("%s|%s", joined->interface, channel->writer ? "out" : "in");

	xml_set(end, "logical", logical);
	xml_set(end, "physical", physical);
	xml_set_number(end, "virtualAddress", *address);
	*address += channel->size;
}

static int fail_no_driver(struct xml_node *subjects, struct error *err)
{
	xml_fail(subjects, err,
		 "the template has no subject '%s' to serve the unikernel's network "
		 "device",
		 TEMPLATE_NETWORK_DRIVER);
	return err_mend(err, "add one, or join the device to another unikernel: --connect");
}

static int join_device(struct xml_node *root, struct xml_node *ends,
		       const struct joined_device *joined, uint64_t *address, struct error *err)
{
	struct xml_node *channels = xml_child(root, "channels", system_order);
	struct xml_node *subject =
		xml_find(xml_first(root, "subjects"), "subject", "name", joined->request->subject);
	const struct component_channel *in = joined->device.in, *out = joined->device.out;
	bool maps_in = map_channel(subject, in->logical, joined->in);
	bool maps_out = map_channel(subject, out->logical, joined->out);

	if (maps_in && joined->interface && add_channel(channels, joined->in, in->size, err) < 0)
		return -1;
	if (maps_out && add_channel(channels, joined->out, out->size, err) < 0)
		return -1;
	if (!joined->interface)
		return 0;
	if (maps_in)
		add_driver_end(ends, joined, in, joined->in, address);
	if (maps_out)
		add_driver_end(ends, joined, out, joined->out, address);
	return network_check_linux_room(*address, err);
}

/* The driver is told its interfaces, also that there are none, as by Muen's composer. */
static int join_network(struct xml_node *root, const struct network *network, struct error *err)
{
	struct xml_node *subjects = xml_first(root, "subjects"), *ends = NULL;
	struct xml_node *driver = xml_find(subjects, "subject", "name", TEMPLATE_NETWORK_DRIVER);
	cleanup_free char *parameters = NULL;
	uint64_t address = LINUX_CHANNELS;

	if (network->needs_linux) {
		if (!driver)
			return fail_no_driver(subjects, err);
		ends = xml_child(driver, "channels", subject_order);
		address = first_free_address(ends, xml_child(root, "channels", system_order));
	}
	for (size_t i = 0; i < network->count; i++)
		if (join_device(root, ends, &network->devices[i], &address, err) < 0)
			return -1;
	if (!driver)
		return 0;
	parameters = network_linux_parameters(network, NULL, err);
	if (!parameters)
		return -1;
	append_bootparams(driver, parameters);
	return 0;
}

/* A channel that is no device's is the template's to map. */
static int check_stray_channels(const struct xml_node *subjects,
				const struct unikernel_request *request, struct error *err)
{
	const struct component_channel *stray = component_stray_channel(request->component);
	struct xml_node *subject = xml_find(subjects, "subject", "name", request->subject);

	if (!stray || xml_find(xml_first(subject, "component"), "map", "logical", stray->logical))
		return 0;
	xml_fail(subject, err, "does not map the channel '%s' that component '%s' asks for",
		 stray->logical, request->component->name);
	return err_mend(err, "add <map logical=\"%s\" physical=\"...\"/> to the template",
			stray->logical);
}

int template_compose(struct xml_document *document, const struct composition *composition,
		     struct unikernel_request *requests, struct findings *findings,
		     struct error *err)
{
	struct xml_node *root = xml_root(document), *subjects;
	cleanup_network struct network network = { 0 };

	if (strcmp(xml_name(root), "system")) {
		xml_fail(root, err, "the template is a <%s>, a <system> was expected",
			 xml_name(root));
		return err_mend(err, "name a system policy in source form, such as Muen's own "
				     "mirage-solo5.xml");
	}
	subjects = need_section(root, "subjects", err);
	if (!subjects)
		return -1;
	for (size_t i = 0; i < composition->unikernel_count; i++)
		if (add_unikernel(root, subjects, &requests[i], err) < 0 ||
		    check_stray_channels(subjects, &requests[i], err) < 0)
			return -1;
	if (network_plan(composition, &network, findings, err) < 0)
		return -1;
	return join_network(root, &network, err);
}

/* ---- what was composed, on its own --------------------------------------- */

static struct xml_node *composed_subject(const struct xml_document *document,
					 const struct unikernel_request *request)
{
	return xml_find(xml_first(xml_root(document), "subjects"), "subject", "name",
			request->subject);
}

struct xml_document *template_subject(const struct xml_document *document,
				      const struct unikernel_request *request, struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };

	xml_write_node(composed_subject(document, request), &text);
	return xml_parse(request->subject, text.data, text.length, err);
}

struct xml_document *template_channels(const struct xml_document *document,
				       const struct unikernel_request *request)
{
	const struct component *component = request->component;
	struct xml_node *channels = xml_first(xml_root(document), "channels");
	struct xml_node *maps = xml_first(composed_subject(document, request), "component");
	struct xml_document *fragment = xml_new("channels", "include");

	for (size_t i = 0; i < component->channel_count; i++) {
		struct xml_node *map =
			xml_find(maps, "map", "logical", component->channels[i].logical);
		const char *physical = map ? xml_get(map, "physical") : NULL;
		struct xml_node *channel = physical && channels
						   ? xml_find(channels, "channel", "name", physical)
						   : NULL;

		if (channel)
			xml_add_copy(xml_root(fragment), channel);
	}
	return fragment;
}
