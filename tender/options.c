#include "tender/options.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"
#include "solo5/muen_ranges.h"
#include "tender/clock.h"
#include "tender/gdb/link.h"
#include "tender/option_list.h"
#include "tender/options_devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT (512ull << 20)
#define CHANNEL_SIZE_DEFAULT (1ull << 20)

struct option_row {
	const char *name;
	const char *argument; /* NULL: takes none */
	bool per_device;      /* "--name:DEVICE=value" as well */
	int (*take)(struct options_hvt *options, const char *device, const char *value,
		    struct error *err);
	const char *help; /* NULL: told with another option */
};

/* ---- everything else ------------------------------------------------------------------ */

static int take_memory(struct options_hvt *options, const char *device, const char *value,
		       struct error *err)
{
	size_t digits = strspn(value, "0123456789");
	uint64_t number;

	(void)device;
	/* solo5-hvt counts in MiB; with a unit it is a size as elsewhere in muenbuild. */
	if (digits && !value[digits] && text_to_number(value, &number) == 0 && number > 0 &&
	    number <= UINT64_MAX >> 20) {
		options->memory = number << 20;
		return 0;
	}
	if (digits && value[digits] && text_to_size(value, &number) == 0 && number > 0) {
		options->memory = number;
		return 0;
	}
	err_fail(err, ERR_USAGE, "Malformed argument to --mem: '%s'", value);
	return err_mend(err, "give a number of MiB, e.g. --mem=128, or a size with a unit: 1G");
}

static int take_channel_size(struct options_hvt *options, const char *device, const char *value,
			     struct error *err)
{
	uint64_t size;

	(void)device;
	if (text_to_size(value, &size) == 0 && size && size % MUEN_PAGE == 0) {
		options->channel_size = size;
		return 0;
	}
	err_fail(err, ERR_USAGE, "--channel-size: '%s' is no multiple of 4 KiB", value);
	return err_mend(err, "give a size, e.g. 256K or 64M");
}

static int take_pattern(struct options_hvt *options, const char *value, bool reject,
			struct error *err)
{
	if (options->pattern_count == OPTIONS_PATTERNS_MAX)
		return err_fail(err, ERR_USAGE, "--%s: more than %d expressions",
				reject ? "reject" : "expect", OPTIONS_PATTERNS_MAX);
	options->patterns[options->pattern_count++] = (struct pattern_option){ value, reject };
	return 0;
}

static int take_expect(struct options_hvt *options, const char *device, const char *value,
		       struct error *err)
{
	(void)device;
	return take_pattern(options, value, false, err);
}

static int take_reject(struct options_hvt *options, const char *device, const char *value,
		       struct error *err)
{
	(void)device;
	return take_pattern(options, value, true, err);
}

int duration_parse(const char *text, uint64_t *nanoseconds)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = { { "", NSEC_PER_SEC },
		      { "s", NSEC_PER_SEC },
		      { "ms", 1000000 },
		      { "m", 60 * NSEC_PER_SEC } };
	size_t digits = strspn(text, "0123456789");
	cleanup_free char *number_text = xstrndup(text, digits);
	uint64_t number;

	if (text_to_number(number_text, &number) < 0 || number == 0)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		/* A year is long enough, and far from any overflow. */
		if (strcmp(text + digits, units[i].unit) != 0 ||
		    number > 366 * 86400 * NSEC_PER_SEC / units[i].factor)
			continue;
		*nanoseconds = number * units[i].factor;
		return 0;
	}
	return -1;
}

static int take_timeout(struct options_hvt *options, const char *device, const char *value,
			struct error *err)
{
	(void)device;
	if (duration_parse(value, &options->timeout) == 0)
		return 0;
	err_fail(err, ERR_USAGE, "--timeout: '%s' is not a duration", value);
	return err_mend(err, "give e.g. 10s, 1500ms or 2m");
}

static int take_probe(struct options_hvt *options, const char *device, const char *value,
		      struct error *err)
{
	(void)device;
	if (options->probe_count == OPTIONS_PROBES_MAX)
		return err_fail(err, ERR_USAGE, "--http-check: more than %d URLs",
				OPTIONS_PROBES_MAX);
	options->probes[options->probe_count++] = value;
	return 0;
}

static int parse_id(const char *option, const char *value, unsigned *id, struct error *err)
{
	uint64_t number;

	if (text_to_number(value, &number) < 0 || number >= UINT32_MAX)
		return err_fail(err, ERR_USAGE, "--%s: '%s' is not a number from 0 to 4294967294",
				option, value);
	*id = (unsigned)number;
	return 0;
}

static int take_uid(struct options_hvt *options, const char *device, const char *value,
		    struct error *err)
{
	(void)device;
	options->identity.has_uid = true;
	return parse_id("uid", value, &options->identity.uid, err);
}

static int take_gid(struct options_hvt *options, const char *device, const char *value,
		    struct error *err)
{
	(void)device;
	options->identity.has_gid = true;
	return parse_id("gid", value, &options->identity.gid, err);
}

static int take_ring(struct options_hvt *options, const char *device, const char *value,
		     struct error *err)
{
	static const char *const words[] = {
		[RING_AUTO] = "auto", [RING_ON] = "on", [RING_OFF] = "off"
	};

	(void)device;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(value, words[i])) {
			options->ring = (enum ring_option)i;
			return 0;
		}
	}
	return err_fail(err, ERR_USAGE, "--ring: '%s' is none of auto, on and off", value);
}

static int take_gdb(struct options_hvt *options, const char *device, const char *value,
		    struct error *err)
{
	(void)device;
	(void)err;
	options->gdb = true;
	options->gdb_address = value;
	return 0;
}

static int take_gdb_port(struct options_hvt *options, const char *device, const char *value,
			 struct error *err)
{
	uint64_t number;

	(void)device;
	if (text_to_number(value, &number) < 0 || number > UINT16_MAX)
		return err_fail(err, ERR_USAGE, "--gdb-port: '%s' is not a port from 0 to %d",
				value, UINT16_MAX);
	options->has_gdb_port = true;
	options->gdb_port = (uint16_t)number;
	return 0;
}

#define TAKE_PATH(field)                                                                           \
	static int take_##field(struct options_hvt *options, const char *device,                   \
				const char *value, struct error *err)                              \
	{                                                                                          \
		(void)device;                                                                      \
		options->field = value;                                                            \
		return options_need_path(#field, value, err);                                      \
	}
TAKE_PATH(json)
TAKE_PATH(dumpcore)
TAKE_PATH(chroot)
TAKE_PATH(world)

#define TAKE_FLAG(field)                                                                           \
	static int take_##field(struct options_hvt *options, const char *device,                   \
				const char *value, struct error *err)                              \
	{                                                                                          \
		(void)device;                                                                      \
		(void)value;                                                                       \
		(void)err;                                                                         \
		options->field = true;                                                             \
		return 0;                                                                          \
	}
TAKE_FLAG(verbose)
TAKE_FLAG(anywhere)

#define OPTION_ROW(...) { __VA_ARGS__ },

static const struct option_row rows[] = { TENDER_OPTIONS(OPTION_ROW) };

void options_hvt_help(void)
{
	puts("Usage: muenbuild-hvt [OPTION...] [--] UNIKERNEL [ARGUMENT...]\n\n"
	     "Runs a Solo5 unikernel for hvt or for Muen in KVM. Understands solo5-hvt's "
	     "options.\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *help = rows[i].help, *newline;
		int column = printf("  --%s%s%s", rows[i].name, rows[i].argument ? "=" : "",
				    rows[i].argument ? rows[i].argument : "");

		while ((newline = strchr(help, '\n'))) {
			printf("%*s%.*s\n", 32 - column, "", (int)(newline - help), help);
			help = newline + 1;
			column = 0;
		}
		printf("%*s%s\n", 32 - column, "", help);
	}
	puts("  --help, --version\n\nExit status: the guest's; 120 to 126 if the tender itself "
	     "failed; 128 + N after signal N.\nmuenbuild-hvt(1) has the whole story.");
}

/* ---- words ---------------------------------------------------------------------------- */

struct words {
	int argc;
	char **argv;
	int next;
};

static int invalid_option(const char *word, struct error *err)
{
	char text[128];

	err_fail(err, ERR_USAGE, "Invalid option: `%s'",
		 text_printable(word, strlen(word), text, sizeof(text)));
	return err_mend(err, "'muenbuild-hvt --help' lists the options; arguments for the "
			     "unikernel come behind its name");
}

static const struct option_row *find_row(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == length && !strncmp(rows[i].name, name, length))
			return &rows[i];
	return NULL;
}

static int take_option(struct options_hvt *options, struct words *words, struct error *err)
{
	const char *word = words->argv[words->next++], *name = word + 2;
	size_t length = strcspn(name, ":=");
	const struct option_row *row = word[1] == '-' ? find_row(name, length) : NULL;
	const char *value = strchr(name, '=');
	cleanup_free char *device = NULL;

	if (!row || (name[length] == ':' && (!row->per_device || !value)))
		return invalid_option(word, err);
	if (name[length] == ':')
		device = xstrndup(name + length + 1, (size_t)(value - name) - length - 1);
	if (!row->argument)
		return value ? invalid_option(word, err) : row->take(options, NULL, NULL, err);
	if (value)
		return row->take(options, device, value + 1, err);
	/* Its value may be left out; then the next word is the unikernel, or another option. */
	if (row->take == take_gdb &&
	    (words->next >= words->argc || !gdb_is_address(words->argv[words->next])))
		return row->take(options, NULL, NULL, err);
	if (words->next >= words->argc)
		return err_fail(err, ERR_USAGE, "--%s: its value is missing: --%s=%s", row->name,
				row->name, row->argument);
	return row->take(options, NULL, words->argv[words->next++], err);
}

static void join_arguments(struct options_hvt *options, const struct words *words)
{
	cleanup_buffer struct buffer line = { 0 };

	for (int i = words->next; i < words->argc; i++) {
		if (line.length)
			buffer_add(&line, " ", 1);
		buffer_add_text(&line, words->argv[i]);
	}
	options->command_line = xstrndup(line.data ? line.data : "", line.length);
}

static bool take_help(struct options_hvt *options, const char *word)
{
	options->help = !strcmp(word, "--help") || !strcmp(word, "-h");
	options->version = !strcmp(word, "--version");
	return options->help || options->version;
}

/* Whether help is asked for further on: solo5-hvt gives it before it judges any option. */
static bool find_help(struct options_hvt *options, const struct words *words)
{
	for (int i = words->next; i < words->argc; i++) {
		const char *word = words->argv[i];

		if (take_help(options, word))
			return true;
		if (word[0] != '-' || !strcmp(word, "--"))
			break;
	}
	return false;
}

/* Reads words up to the guest's arguments. */
static int take_words(struct options_hvt *options, struct words *words, struct error *err)
{
	while (words->next < words->argc && !options->help && !options->version) {
		const char *word = words->argv[words->next];

		if (!strcmp(word, "--")) {
			words->next++;
			if (options->kernel || words->next == words->argc)
				break;
			options->kernel = words->argv[words->next++];
			break;
		}
		if (take_help(options, word)) {
			break;
		} else if (word[0] == '-' && word[1]) {
			if (take_option(options, words, err) < 0 && !find_help(options, words))
				return -1;
		} else if (options->kernel) {
			err_fail(err, ERR_USAGE, "'%s': a second unikernel", word);
			return err_mend(err, "arguments for the unikernel come behind --");
		} else {
			options->kernel = words->argv[words->next++];
			if (!options->anywhere)
				break;
		}
	}
	return 0;
}

static int check_together(struct options_hvt *options, struct error *err)
{
	if (!options->kernel) {
		err_fail(err, ERR_USAGE, "no unikernel is named");
		return err_mend(err, "muenbuild-hvt [OPTION...] UNIKERNEL [ARGUMENT...]; --help "
				     "lists the options");
	}
	if (options->gdb_address && options->has_gdb_port)
		return err_fail(err, ERR_USAGE,
				"--gdb=%s names the place already: leave out "
				"--gdb-port",
				options->gdb_address);
	if (!options->lone_pcap)
		return 0;
	if (options->net_count != 1) {
		err_fail(err, ERR_USAGE,
			 "--pcap %s: there are %zu network devices, so one must be named",
			 options->lone_pcap, options->net_count);
		return err_mend(err, "write --pcap NAME=%s", options->lone_pcap);
	}
	free(options->nets[0].pcap);
	options->nets[0].pcap = xstrdup(options->lone_pcap);
	return 0;
}

int options_hvt_parse(struct options_hvt *options, int argc, char **argv, struct error *err)
{
	struct words words = { argc, argv, 1 };

	*options = (struct options_hvt){ .memory = MEMORY_DEFAULT,
					 .channel_size = CHANNEL_SIZE_DEFAULT,
					 .gdb_port = GDB_PORT_DEFAULT };
	if (take_words(options, &words, err) < 0)
		return -1;
	if (options->help || options->version)
		return 0;
	join_arguments(options, &words);
	return check_together(options, err);
}

void options_hvt_free(struct options_hvt *options)
{
	for (size_t i = 0; i < options->net_count; i++)
		net_spec_free(&options->nets[i]);
	for (size_t i = 0; i < options->block_count; i++)
		free(options->blocks[i].path);
	for (size_t i = 0; i < options->name_count; i++)
		free(options->names[i]);
	free(options->command_line);
	*options = (struct options_hvt){ 0 };
}
