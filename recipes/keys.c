#include "recipes/keys.h"

#include "base/alloc.h"
#include "base/text.h"
#include "recipes/survey.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE UINT64_C(4096)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* ---- the table ----------------------------------------------------------- */

/* The member's offset; does not compile if the member has another type. */
#define MEMBER(type, member)                                                                       \
	_Generic(((struct recipe *)NULL)->member, type : offsetof(struct recipe, member))

#define TEXT(member, longest) .offset = MEMBER(char *, member), .most = (longest)
#define SIZE(member, low, high) .offset = MEMBER(uint64_t, member), .least = (low), .most = (high)
#define NUMBER(member, low, high) .offset = MEMBER(unsigned, member), .least = (low), .most = (high)
#define SWITCH(member) .offset = MEMBER(bool, member)

/* Bounds, and where they come from:
 * names: Muen's nameType, 1 to 63 characters (types.xsd);
 * boot parameters: Linux on x86 reads 2047 bytes, and the interfaces' names and Muen's own
 *   parameter are added to these;
 * RAM: a subject's fixed pages begin at 16#000e_0000_0000#, 56 GiB;
 * log channel: 16#000f_fff0_0000# is where libmudebuglog maps it, the control and status pages
 *   lie 16#000f_2000# above;
 * initramfs: mapped at 16#7000_0000#, below Linux' 32-bit addresses' end;
 * crash audit: above the first MiB, in a physical address of 52 bits. */
const struct recipe_key recipe_keys[] = {
	{ NULL, "description", KEY_TEXT, TEXT(description, 200), .required = true,
	  .example = "Our web server on the test machine", .help = "one line for the list" },
	{ NULL, "system", KEY_FILE, TEXT(system, 63), .fallback = "mirage-solo5",
	  .help = "name of the composed system, SYSTEM.xml" },
	{ NULL, "template", KEY_PATH, TEXT(template, 1024), .example = "system/my-system.xml",
	  .help = "system policy to compose into (none: the built-in one)" },
	{ NULL, "hardware", KEY_BELOW, TEXT(hardware, 255), .example = "hardware/qemu-kvm.xml",
	  .help = "hardware description, below the policy folder" },
	{ NULL, "additional-hardware", KEY_BELOW, TEXT(additional_hardware, 255),
	  .example = "hardware/common_hardware.xml", .help = "devices that every PC has" },
	{ NULL, "platform", KEY_BELOW, TEXT(platform, 255), .example = "platform/qemu-kvm.xml",
	  .help = "platform description, below the policy folder" },
	{ NULL, "subject-info", KEY_REVISION, NUMBER(subject_info, 2, 5), .fallback = "any",
	  .help = "revision that the target's Muen provides" },

	{ "unikernel", "ram", KEY_SIZE, SIZE(unikernel.ram, PAGE, 56 * GIB), .fallback = "512 MiB",
	  .help = "memory of each unikernel" },
	{ "unikernel", "channel-size", KEY_SIZE, SIZE(unikernel.channel_size, PAGE, GIB),
	  .fallback = "1 MiB", .help = "each direction of each network device" },
	{ "unikernel", "resettable", KEY_SWITCH, SWITCH(unikernel.resettable), .fallback = "yes",
	  .help = "whether an exit starts it again" },
	{ "unikernel", "ticks", KEY_NUMBER, NUMBER(unikernel.ticks, 1, 1000000), .fallback = "40",
	  .help = "length of its minor frame" },

	{ "network", "allowed", KEY_SWITCH, SWITCH(network.allowed), .fallback = "yes",
	  .help = "whether Linux may serve network devices" },
	{ "network", "device", KEY_NAME, TEXT(network.device, 63),
	  .fallback = "ethernet_controller_1", .help = "network card of the platform" },
	{ "network", "bootparams", KEY_TEXT, TEXT(network.bootparams, 1024),
	  .fallback = "console=ttyS0 hostname=nic_linux",
	  .help = "kernel parameters of the Linux" },
	{ "network", "initramfs", KEY_FILE, TEXT(network.initramfs, 100),
	  .fallback = "initramfs.cpio.gz", .help = "file in Muen's object folder" },
	{ "network", "initramfs-size", KEY_SIZE, SIZE(network.initramfs_size, PAGE, GIB),
	  .fallback = "31 MiB", .help = "memory for that file" },
	{ "network", "loader", KEY_SWITCH, SWITCH(network.loader), .fallback = "yes",
	  .help = "whether a loader can start Linux again" },
	{ "network", "ticks", KEY_NUMBER, NUMBER(network.ticks, 1, 1000000), .fallback = "60",
	  .help = "length of its minor frame" },

	{ "debug", "console", KEY_NAME, TEXT(debug.console, 63), .fallback = "serial_device_1",
	  .help = "serial device of the platform" },
	{ "debug", "console-port", KEY_NAME, TEXT(debug.console_port, 63), .fallback = "ioport1",
	  .help = "I/O port resource of that device" },
	{ "debug", "log-channel-size", KEY_SIZE, SIZE(debug.log_channel_size, PAGE, 968 * KIB),
	  .fallback = "128 KiB", .help = "log of each subject" },
	{ "debug", "crash-audit-address", KEY_ADDRESS,
	  SIZE(debug.crash_audit_address, MIB, (UINT64_C(1) << 52) - PAGE),
	  .fallback = "0x100a11000", .help = "physical page that survives a reboot" },

	{ "scheduling", "tick-rate", KEY_NUMBER, NUMBER(scheduling.tick_rate, 1, 1000000),
	  .fallback = "1000", .help = "ticks per second" },
	{ "scheduling", "cpus", KEY_NUMBER, NUMBER(scheduling.cpus, 1, 64), .fallback = "2",
	  .help = "logical CPUs to use" },
	{ "scheduling", "service-ticks", KEY_NUMBER, NUMBER(scheduling.service_ticks, 1, 1000000),
	  .fallback = "40", .help = "minor frame of time and debug server" },
	{ "scheduling", "plan", KEY_BELOW, TEXT(scheduling.plan, 255),
	  .example = "scheduling/my-plan.xml", .help = "scheduling plan that fits the template" },
};

const size_t recipe_key_count = sizeof(recipe_keys) / sizeof(recipe_keys[0]);

_Static_assert(sizeof(recipe_keys) / sizeof(recipe_keys[0]) <= RECIPE_KEYS_MAX,
	       "RECIPE_KEYS_MAX is too small");

bool recipe_section_exists(const char *section)
{
	for (size_t i = 0; i < recipe_key_count; i++)
		if (recipe_keys[i].section && !strcmp(recipe_keys[i].section, section))
			return true;
	return false;
}

const struct recipe_key *recipe_key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < recipe_key_count; i++) {
		const struct recipe_key *key = &recipe_keys[i];

		if (!strcmp(key->name, name) && !key->section == !section &&
		    (!section || !strcmp(key->section, section)))
			return key;
	}
	return NULL;
}

bool recipe_key_is_text(const struct recipe_key *key)
{
	return key->type <= KEY_PATH;
}

/* ---- messages ------------------------------------------------------------ */

const char *recipe_key_expectation(const struct recipe_key *key, char out[static EXPECTATION_MAX])
{
	char least[32], most[32];

	switch (key->type) {
	case KEY_TEXT:
		snprintf(out, EXPECTATION_MAX, "one line of 1 to %" PRIu64 " bytes", key->most);
		break;
	case KEY_NAME:
		snprintf(out, EXPECTATION_MAX,
			 "a name of 1 to %" PRIu64 " letters, digits, '_', '-', '.' and ':'",
			 key->most);
		break;
	case KEY_FILE:
		snprintf(out, EXPECTATION_MAX,
			 "a file name of 1 to %" PRIu64 " letters, digits, '_', '-' and '.', "
			 "without a folder",
			 key->most);
		break;
	case KEY_BELOW:
		snprintf(out, EXPECTATION_MAX, "a path below the policy folder");
		break;
	case KEY_PATH:
		snprintf(out, EXPECTATION_MAX, "a path of at most %" PRIu64 " bytes", key->most);
		break;
	case KEY_SIZE:
		snprintf(out, EXPECTATION_MAX, "a size from %s to %s in whole pages of 4096 bytes",
			 size_to_text(key->least, least), size_to_text(key->most, most));
		break;
	case KEY_ADDRESS:
		snprintf(out, EXPECTATION_MAX,
			 "an address from 0x%" PRIx64 " to 0x%" PRIx64
			 " that is a multiple of 4096",
			 key->least, key->most);
		break;
	case KEY_NUMBER:
		snprintf(out, EXPECTATION_MAX, "a whole number from %" PRIu64 " to %" PRIu64,
			 key->least, key->most);
		break;
	case KEY_REVISION:
		snprintf(out, EXPECTATION_MAX, "any, or a revision from %" PRIu64 " to %" PRIu64,
			 key->least, key->most);
		break;
	case KEY_SWITCH:
		snprintf(out, EXPECTATION_MAX, "yes, no, true or false");
		break;
	}
	return out;
}

int recipe_key_mend(const struct recipe_key *key, struct error *err)
{
	return err_mend(err, "write for instance '%s: %s'%s; muenbuild-recipes(5) has the details",
			key->name, key->fallback ? key->fallback : key->example,
			key->required ? "" : ", or leave the key out for its default");
}

/* `remark` says more about what was found; may be "". */
static int refuse(const struct recipe_key *key, const char *text, const char *remark,
		  struct error *err)
{
	char path[KEY_PATH_MAX], found[FOUND_MAX], expected[EXPECTATION_MAX];

	err_fail(err, ERR_INPUT, "%s: found %s%s, expected %s",
		 key_path(key->section, key->name, path), found_text(text, found), remark,
		 recipe_key_expectation(key, expected));
	return recipe_key_mend(key, err);
}

/* ---- texts --------------------------------------------------------------- */

char **recipe_key_text(const struct recipe_key *key, struct recipe *recipe)
{
	return (char **)((char *)recipe + key->offset);
}

static bool is_made_of(const char *text, const char *others)
{
	for (; *text; text++)
		if (!isascii((unsigned char)*text) ||
		    (!isalnum((unsigned char)*text) && !strchr(others, *text)))
			return false;
	return true;
}

/* What is wrong with a path that has to lie below a folder; NULL if it does. */
static const char *leaves_folder(const char *path)
{
	if (path[0] == '/')
		return ", which is absolute";
	for (const char *part = path;; part++) {
		size_t length = strcspn(part, "/");

		if (length == 0)
			return ", which has an empty part";
		if (length <= 2 && !strncmp(part, "..", length))
			return length == 2 ? ", which goes up with '..'" : ", which has a part '.'";
		part += length;
		if (!*part)
			return NULL;
	}
}

/* What is wrong with a text, as a remark for refuse(); NULL if it is good. */
static const char *text_fault(const struct recipe_key *key, const char *text)
{
	if (!*text)
		return "";
	/* YAML's words for no value at all; libcyaml hands them on as text. */
	if (!strcmp(text, "~") || !strcasecmp(text, "null"))
		return ", which is no value in YAML";
	if (strlen(text) > key->most)
		return ", which is longer";
	if (has_control(text))
		return ", which has a control character or a line break";
	switch (key->type) {
	case KEY_NAME:
		return is_made_of(text, "_-.:") ? NULL : "";
	case KEY_FILE:
		if (text[0] == '.' || text[0] == '-')
			return ", which begins with '.' or '-'";
		return is_made_of(text, "_-.") ? NULL : "";
	case KEY_BELOW:
		return leaves_folder(text);
	default:
		return NULL;
	}
}

/* ---- numbers ------------------------------------------------------------- */

static int set_size(const struct recipe_key *key, const char *text, uint64_t *member,
		    struct error *err)
{
	bool address = key->type == KEY_ADDRESS;
	char remark[64];
	uint64_t value;

	if ((address ? text_to_number(text, &value) : text_to_size(text, &value)) < 0)
		return refuse(key, text, "", err);
	if (value < key->least || value > key->most)
		return refuse(key, text, ", which is out of range", err);
	if (value % PAGE) {
		snprintf(remark, sizeof(remark),
			 address ? ", 0x%" PRIx64 " above a page's begin"
				 : ", %" PRIu64 " bytes above whole pages",
			 value % PAGE);
		return refuse(key, text, remark, err);
	}
	*member = value;
	return 0;
}

static int set_number(const struct recipe_key *key, const char *text, unsigned *member,
		      struct error *err)
{
	uint64_t value;

	if (key->type == KEY_REVISION && !strcmp(text, "any")) {
		*member = 0;
		return 0;
	}
	if (text_to_number(text, &value) < 0)
		return refuse(key, text, "", err);
	if (value < key->least || value > key->most)
		return refuse(key, text, ", which is out of range", err);
	*member = (unsigned)value;
	return 0;
}

static int set_switch(const struct recipe_key *key, const char *text, bool *member,
		      struct error *err)
{
	bool on = !strcmp(text, "yes") || !strcmp(text, "true");

	if (!on && strcmp(text, "no") && strcmp(text, "false"))
		return refuse(key, text, "", err);
	*member = on;
	return 0;
}

/* ---- setting and showing ------------------------------------------------- */

int recipe_key_set(const struct recipe_key *key, const char *text, struct recipe *recipe,
		   struct error *err)
{
	void *member = (char *)recipe + key->offset;
	const char *fault;

	switch (key->type) {
	case KEY_SIZE:
	case KEY_ADDRESS:
	case KEY_NUMBER:
	case KEY_REVISION:
		/* 010 is eight in YAML 1.1 and ten in YAML 1.2. */
		if (text[0] == '0' && isdigit((unsigned char)text[1]))
			return refuse(key, text, ", which begins with a 0", err);
		return key->type == KEY_SIZE || key->type == KEY_ADDRESS
			       ? set_size(key, text, member, err)
			       : set_number(key, text, member, err);
	case KEY_SWITCH:
		return set_switch(key, text, member, err);
	default:
		fault = text_fault(key, text);
		if (fault)
			return refuse(key, text, fault, err);
		*recipe_key_text(key, recipe) = xstrdup(text);
		return 0;
	}
}

size_t recipe_value_count(void)
{
	return recipe_key_count;
}

struct recipe_value recipe_value(const struct recipe *recipe, size_t index)
{
	const struct recipe_key *key = &recipe_keys[index];
	const void *member = (const char *)recipe + key->offset;
	struct recipe_value value = { .section = key->section, .key = key->name };

	switch (key->type) {
	case KEY_SIZE:
	case KEY_ADDRESS:
		value.kind = RECIPE_NUMBER;
		value.number = *(const uint64_t *)member;
		break;
	case KEY_REVISION:
	case KEY_NUMBER:
		value.number = *(const unsigned *)member;
		value.kind = value.number ? RECIPE_NUMBER : RECIPE_NOTHING;
		break;
	case KEY_SWITCH:
		value.kind = RECIPE_SWITCH;
		value.on = *(const bool *)member;
		break;
	default:
		value.text = *(char *const *)member;
		value.kind = value.text ? RECIPE_TEXT : RECIPE_NOTHING;
		break;
	}
	return value;
}

/* ---- YAML ---------------------------------------------------------------- */

static void write_text(const char *text, struct buffer *out)
{
	if (is_made_of(text, "_-./") && (isalnum((unsigned char)*text) || *text == '/')) {
		buffer_add_text(out, text);
		return;
	}
	buffer_add_text(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add_text(out, "\\");
		buffer_add(out, text, 1);
	}
	buffer_add_text(out, "\"");
}

/* A size in the unit that people use, if that says it exactly. */
static void write_size(uint64_t bytes, struct buffer *out)
{
	char text[32];
	uint64_t back;

	if (text_to_size(size_to_text(bytes, text), &back) == 0 && back == bytes)
		buffer_add_text(out, text);
	else
		buffer_printf(out, "%" PRIu64, bytes);
}

static void write_value(const struct recipe *recipe, size_t index, struct buffer *out)
{
	const struct recipe_value value = recipe_value(recipe, index);

	switch (recipe_keys[index].type) {
	case KEY_SIZE:
		write_size(value.number, out);
		break;
	case KEY_ADDRESS:
		buffer_printf(out, "0x%" PRIx64, value.number);
		break;
	case KEY_REVISION:
	case KEY_NUMBER:
		if (value.kind == RECIPE_NOTHING)
			buffer_add_text(out, "any");
		else
			buffer_printf(out, "%" PRIu64, value.number);
		break;
	case KEY_SWITCH:
		buffer_add_text(out, value.on ? "yes" : "no");
		break;
	default:
		if (value.text)
			write_text(value.text, out);
		break;
	}
}

void recipe_write(const struct recipe *recipe, struct buffer *out)
{
	const char *section = NULL;

	for (size_t i = 0; i < recipe_key_count; i++) {
		const struct recipe_key *key = &recipe_keys[i];
		cleanup_buffer struct buffer line = { 0 };
		bool absent =
			recipe_key_is_text(key) && recipe_value(recipe, i).kind == RECIPE_NOTHING;

		if (key->section && (!section || strcmp(key->section, section)))
			buffer_printf(out, "\n%s:\n", key->section);
		section = key->section;
		buffer_printf(&line, "%s%s%s: ", section ? "  " : "", absent ? "# " : "",
			      key->name);
		write_value(recipe, i, &line);
		buffer_printf(out, "%-46s # %s\n", line.data, key->help);
	}
}
