/* muenbuild ipxe: the script that iPXE runs to boot a signed system, and how to build that iPXE. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/verbs.h"
#include "sign/ipxe/script.h"
#include "sign/ipxe/served.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPTION_URL = 1,
	OPTION_NETWORK,
	OPTION_INTERFACE,
	OPTION_IP,
	OPTION_NETMASK,
	OPTION_GATEWAY,
	OPTION_DNS,
	OPTION_PLATFORM,
	OPTION_MEMDISK,
	OPTION_ISO,
	OPTION_EFI,
	OPTION_SCRIPT,
	OPTION_ON_FAILURE,
	OPTION_DELAY,
	OPTION_EMBED,
	OPTION_INSTRUCTIONS,
	OPTION_CA,
	OPTION_CERT,
	OPTION_CHECK,
	OPTION_TARGET_RAM,
	OPTION_OUTPUT,
	OPTION_JSON,
};

static const struct option_spec specs[] = {
	{ OPTION_OUTPUT, "output", 'o', "FILE|DIR",
	  "where to write (default: boot.ipxe, with --embed\nembed.ipxe; '-': stdout)" },
	{ OPTION_URL, "url", 'u', "URL", "folder of all files (default: where the script is)" },
	{ OPTION_PLATFORM, "platform", 'p', "NAME",
	  "bios: memdisk and ISO (default); uefi: one GRUB file;\nauto: what the machine is" },
	{ OPTION_ON_FAILURE, "on-failure", 0, "ACTION", "halt (default), retry, reboot or shell" },
	{ OPTION_DELAY, "delay", 0, "SECONDS", "before retry and reboot (default: 30)" },
	{ OPTION_NETWORK, "network", 'n', "HOW",
	  "dhcp, static, or keep what is set up (default: static\nwith --ip, dhcp with --url or "
	  "--embed, else keep)" },
	{ OPTION_INTERFACE, "interface", 'i', "NAME",
	  "net0, net1, ... (default: net0 if static, else any)" },
	{ OPTION_IP, "ip", 0, "ADDRESS", "static IPv4 address, also as ADDRESS/24" },
	{ OPTION_NETMASK, "netmask", 0, "MASK", "its netmask" },
	{ OPTION_GATEWAY, "gateway", 0, "ADDRESS", "the router" },
	{ OPTION_DNS, "dns", 0, "ADDRESS", "the name server" },
	{ OPTION_ISO, "iso", 0, "NAME", "name of the ISO (default: muen.iso)" },
	{ OPTION_MEMDISK, "memdisk", 0, "NAME", "name of memdisk (default: memdisk)" },
	{ OPTION_EFI, "efi", 0, "NAME", "name of the GRUB file for UEFI (default: muen.efi)" },
	{ OPTION_EMBED, "embed", 'e', NULL,
	  "write the script to compile into iPXE, which fetches,\nverifies and runs the other "
	  "one" },
	{ OPTION_SCRIPT, "script", 0, "NAME",
	  "with --embed: name of that other one (default: boot.ipxe)" },
	{ OPTION_INSTRUCTIONS, "instructions", 0, NULL,
	  "also print how to build the iPXE (--embed does)" },
	{ OPTION_CA, "ca", 0, "FILE", "the CA certificate that the instructions name" },
	{ OPTION_CERT, "cert", 0, "FILE", "the signing certificate that they name" },
	{ OPTION_CHECK, "check", 0, "DIR",
	  "check the files to be served in DIR: there, signed,\nand bootable by memdisk" },
	{ OPTION_TARGET_RAM, "target-ram", 0, "SIZE",
	  "with --check: memory of the machine, for the ISO" },
	{ OPTION_JSON, "json", 0, NULL, "print the result as a JSON document" },
	{ 0 },
};

struct request {
	struct ipxe_script script;
	struct ipxe_build build;
	const char *output; /* NULL: not given */
	const char *check;  /* NULL: not given */
	uint64_t target_ram;
	bool network_given;
	bool script_given;
	bool instructions;
	bool json;
};

struct result {
	struct buffer script;
	struct buffer instructions;
	struct findings findings;
	char *path; /* NULL: not written to a file */
};

static void result_free(struct result *result)
{
	buffer_free(&result->script);
	buffer_free(&result->instructions);
	findings_free(&result->findings);
	free(result->path);
}

#define cleanup_result cleanup_with(result_free)

/* ---- where it goes ------------------------------------------------------- */

/* The file that is meant: NULL for stdout. */
static char *output_path(const struct request *request)
{
	const char *name = request->script.embedded ? "embed.ipxe" : "boot.ipxe";
	const char *output = request->output;
	size_t length = output ? strlen(output) : 0;
	struct stat status;

	if (!output)
		return xstrdup(name);
	if (!strcmp(output, "-"))
		return NULL;
	if (length && output[length - 1] == '/')
		return xasprintf("%s%s", output, name);
	if (stat(output, &status) == 0 && S_ISDIR(status.st_mode))
		return xasprintf("%s/%s", output, name);
	return xstrdup(output);
}

static int print_json(const struct request *request, const struct result *result, struct error *err)
{
	const struct ipxe_script *script = &request->script;
	struct ipxe_file files[IPXE_FILES_MAX];
	size_t count = ipxe_script_files(script, files);
	json_t *report = report_new("ipxe"), *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(files[i].name));
	if (result->path)
		json_object_set_new(report, "output", report_any_text(result->path));
	json_object_set_new(report, "embedded", json_boolean(script->embedded));
	json_object_set_new(report, "platform", json_string(ipxe_platform_name(script->platform)));
	json_object_set_new(report, "network", json_string(ipxe_network_name(script->network)));
	json_object_set_new(report, "on_failure",
			    json_string(ipxe_action_name(script->on_failure)));
	if (script->url)
		json_object_set_new(report, "url", json_string(script->url));
	json_object_set_new(report, "files", array);
	json_object_set_new(report, "script", json_string(result->script.data));
	if (request->instructions)
		json_object_set_new(report, "instructions", json_string(result->instructions.data));
	json_object_set_new(report, "findings", report_findings(&result->findings));
	return report_print(report, err);
}

static void print_next(const struct request *request, const struct result *result)
{
	struct ipxe_file files[IPXE_FILES_MAX];
	size_t count = ipxe_script_files(&request->script, files);
	char shown[4096];

	printf("%s\n", text_printable(result->path, strlen(result->path), shown, sizeof(shown)));
	printf("  fetches");
	for (size_t i = 0; i < count; i++)
		printf("%s %s", i ? "," : "  ", files[i].name);
	printf(", each with its .sig\n  on failure  %s\n",
	       ipxe_action_name(request->script.on_failure));
	if (request->script.embedded)
		printf("  next        build iPXE with it, and sign %s\n", request->script.script);
	else
		printf("  next        sign it and them: muenbuild sign\n");
}

/* Data goes to stdout, words to stderr: the instructions are words beside a script on stdout. */
static int print_result(const struct request *request, const struct result *result,
			struct error *err)
{
	if (request->json)
		return print_json(request, result, err);
	if (result->path)
		print_next(request, result);
	else
		fputs(result->script.data, stdout);
	if (request->instructions)
		fprintf(result->path ? stdout : stderr, "%s%s", result->path ? "\n" : "",
			result->instructions.data);
	report_warn(&result->findings);
	return 0;
}

/* ---- making it ----------------------------------------------------------- */

static int check_options(const struct request *request, struct error *err)
{
	if (request->script_given && !request->script.embedded)
		return err_fail(err, ERR_USAGE, "--script is for --embed only");
	if (request->target_ram && !request->check)
		return err_fail(err, ERR_USAGE, "--target-ram is for --check only");
	if ((request->build.ca || request->build.cert) && !request->instructions)
		return err_fail(err, ERR_USAGE, "--%s is for --instructions or --embed only",
				request->build.ca ? "ca" : "cert");
	return 0;
}

static int check_certificates(const struct request *request, struct result *result,
			      struct error *err)
{
	if (request->build.ca &&
	    ipxe_certificate_check(request->build.ca, true, &result->findings, err) < 0)
		return -1;
	return request->build.cert
		       ? ipxe_certificate_check(request->build.cert, false, &result->findings, err)
		       : 0;
}

static int make(struct request *request, struct result *result, struct error *err)
{
	if (ipxe_script_write(&request->script, &result->script, &result->findings, err) < 0)
		return -1;
	result->path = output_path(request);
	request->build.embed = result->path		  ? result->path
			       : request->script.embedded ? "embed.ipxe"
							  : "boot.ipxe";
	if (request->instructions &&
	    (check_certificates(request, result, err) < 0 ||
	     ipxe_build_write(&request->script, &request->build, &result->instructions, err) < 0))
		return -1;
	if (request->check && ipxe_served_check(&request->script, request->check,
						request->target_ram, &result->findings, err) < 0)
		return -1;
	if (!result->path)
		return 0;
	return file_write(result->path, result->script.data, result->script.length, 0666, err);
}

/* ---- the command line ---------------------------------------------------- */

static int take_number(int id, const char *value, struct request *request, struct error *err)
{
	unsigned long long number;

	if (id == OPTION_DELAY) {
		if (option_number("delay", value, 1, 86400, &number, err) < 0)
			return -1;
		request->script.delay = (unsigned int)number;
		return 0;
	}
	if (option_size("target-ram", value, &number, err) < 0)
		return -1;
	if (!number)
		return err_fail(err, ERR_USAGE, "--target-ram: a machine has some memory");
	request->target_ram = number;
	return 0;
}

static int take_choice(int id, const char *value, struct request *request, struct error *err)
{
	switch (id) {
	case OPTION_PLATFORM:
		return ipxe_platform_parse(value, &request->script.platform, err);
	case OPTION_NETWORK:
		request->network_given = true;
		return ipxe_network_parse(value, &request->script.network, err);
	case OPTION_ON_FAILURE:
		return ipxe_action_parse(value, &request->script.on_failure, err);
	default:
		return take_number(id, value, request, err);
	}
}

/* The place of an option's value that is kept as it is; NULL: it is not such an option. */
static const char **text_option(int id, struct request *request)
{
	switch (id) {
	case OPTION_URL:
		return &request->script.url;
	case OPTION_INTERFACE:
		return &request->script.interface;
	case OPTION_IP:
		return &request->script.address;
	case OPTION_NETMASK:
		return &request->script.netmask;
	case OPTION_GATEWAY:
		return &request->script.gateway;
	case OPTION_DNS:
		return &request->script.dns;
	case OPTION_MEMDISK:
		return &request->script.memdisk;
	case OPTION_ISO:
		return &request->script.iso;
	case OPTION_EFI:
		return &request->script.efi;
	case OPTION_SCRIPT:
		return &request->script.script;
	case OPTION_CA:
		return &request->build.ca;
	case OPTION_CERT:
		return &request->build.cert;
	case OPTION_CHECK:
		return &request->check;
	case OPTION_OUTPUT:
		return &request->output;
	}
	return NULL;
}

static int take_option(int id, const char *value, struct request *request, struct error *err)
{
	const char **text = text_option(id, request);

	if (text)
		*text = value;
	else if (id == OPTION_EMBED)
		request->script.embedded = true;
	else if (id == OPTION_INSTRUCTIONS)
		request->instructions = true;
	else if (id == OPTION_JSON)
		request->json = true;
	else
		return take_choice(id, value, request, err);
	request->script_given |= id == OPTION_SCRIPT;
	return 0;
}

static enum ipxe_network default_network(const struct ipxe_script *script)
{
	if (script->address)
		return IPXE_STATIC;
	return script->url || script->embedded ? IPXE_DHCP : IPXE_KEEP;
}

static int run(int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_ipxe);
	struct request request = { .script = ipxe_script_defaults() };
	cleanup_result struct result result = { 0 };
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(id, value, &request, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 0, 0, err) < 0)
		return -1;
	if (!request.network_given)
		request.script.network = default_network(&request.script);
	request.instructions |= request.script.embedded;
	if (check_options(&request, err) < 0 || make(&request, &result, err) < 0)
		return -1;
	return print_result(&request, &result, err);
}

const struct verb verb_ipxe = {
	.name = "ipxe",
	.run = run,
	.summary = "write the script with which iPXE boots a signed system",
	.operands = "",
	.options = specs,
	.details =
		"The script verifies every file before it is used; whatever fails ends in a "
		"message\n"
		"and the chosen action, never in booting something else. For a static address:\n\n"
		"  muenbuild ipxe --ip 192.168.199.4 --netmask 255.255.255.0 \\\n"
		"                 --gateway 192.168.199.1 --url http://192.168.199.2\n\n"
		"iPXE has to be built for this: --instructions, or --embed, tells how.\n",
};
