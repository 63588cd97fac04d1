#include "sign/ipxe/script.h"

#include "sign/ipxe/plan.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- names of choices ---------------------------------------------------- */

static const char *const platforms[] = {
	[IPXE_BIOS] = "bios", [IPXE_UEFI] = "uefi", [IPXE_AUTO] = "auto", NULL
};
static const char *const networks[] = {
	[IPXE_DHCP] = "dhcp", [IPXE_STATIC] = "static", [IPXE_KEEP] = "keep", NULL
};
static const char *const actions[] = { [IPXE_HALT] = "halt",
				       [IPXE_RETRY] = "retry",
				       [IPXE_REBOOT] = "reboot",
				       [IPXE_SHELL] = "shell",
				       NULL };

/* The index of the text among the names, -1 with the error set if it is none of them. */
static int parse_choice(const char *option, const char *const *names, const char *text,
			const char *choices, struct error *err)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], text))
			return i;
	return err_fail(err, ERR_USAGE, "--%s: '%s' is none of %s", option, text, choices);
}

int ipxe_platform_parse(const char *text, enum ipxe_platform *platform, struct error *err)
{
	int choice = parse_choice("platform", platforms, text, "bios, uefi, auto", err);

	if (choice < 0)
		return -1;
	*platform = (enum ipxe_platform)choice;
	return 0;
}

int ipxe_network_parse(const char *text, enum ipxe_network *network, struct error *err)
{
	int choice = parse_choice("network", networks, text, "dhcp, static, keep", err);

	if (choice < 0)
		return -1;
	*network = (enum ipxe_network)choice;
	return 0;
}

int ipxe_action_parse(const char *text, enum ipxe_action *action, struct error *err)
{
	int choice = parse_choice("on-failure", actions, text, "halt, retry, reboot, shell", err);

	if (choice < 0)
		return -1;
	*action = (enum ipxe_action)choice;
	return 0;
}

const char *ipxe_platform_name(enum ipxe_platform platform)
{
	return platforms[platform];
}

const char *ipxe_network_name(enum ipxe_network network)
{
	return networks[network];
}

const char *ipxe_action_name(enum ipxe_action action)
{
	return actions[action];
}

struct ipxe_script ipxe_script_defaults(void)
{
	return (struct ipxe_script){ .platform = IPXE_BIOS,
				     .network = IPXE_DHCP,
				     .on_failure = IPXE_HALT,
				     .delay = 30,
				     .memdisk = "memdisk",
				     .iso = "muen.iso",
				     .efi = "muen.efi",
				     .script = "boot.ipxe" };
}

size_t ipxe_script_files(const struct ipxe_script *script, struct ipxe_file files[IPXE_FILES_MAX])
{
	size_t count = 0;

	if (script->embedded) {
		files[count++] = (struct ipxe_file){ IPXE_FILE_SCRIPT, script->script };
		return count;
	}
	if (script->platform != IPXE_UEFI) {
		files[count++] = (struct ipxe_file){ IPXE_FILE_MEMDISK, script->memdisk };
		files[count++] = (struct ipxe_file){ IPXE_FILE_ISO, script->iso };
	}
	if (script->platform != IPXE_BIOS)
		files[count++] = (struct ipxe_file){ IPXE_FILE_EFI, script->efi };
	return count;
}

/* ---- how every script begins --------------------------------------------- */

static void write_head(const struct ipxe_script *script, struct buffer *buffer)
{
	buffer_add_text(buffer, "#!ipxe\n");
	if (script->embedded)
		buffer_printf(buffer,
			      "# For EMBED= when iPXE is built: fetches %s, verifies it, and hands "
			      "over to it.\n",
			      script->script);
	else if (script->platform == IPXE_BIOS)
		buffer_printf(buffer, "# Boots %s through %s on BIOS machines, both verified.\n",
			      script->iso, script->memdisk);
	else if (script->platform == IPXE_UEFI)
		buffer_printf(buffer, "# Boots %s on UEFI machines, verified.\n", script->efi);
	else
		buffer_printf(buffer,
			      "# Boots %s through %s on BIOS machines, %s on UEFI machines, all "
			      "verified.\n",
			      script->iso, script->memdisk, script->efi);
	buffer_add_text(
		buffer,
		"# Made by muenbuild. Sign this file again after every change.\n"
		"#\n"
		"# Whatever fails goes to :stop, from where nothing is booted. The imgverify\n"
		"# lines are all that protects an initrd (imgtrust does not): a failing one\n"
		"# must never get any further than its goto.\n"
		"\n"
		":start\n"
		"imgfree || goto failed\n"
		"imgtrust --permanent || goto no_trust\n");
}

static void write_setting(const struct ipxe_script *script, const char *name, uint32_t address,
			  struct buffer *buffer)
{
	const char *interface = script->interface ? script->interface : "net0";
	struct in_addr raw = { .s_addr = htonl(address) };
	char text[INET_ADDRSTRLEN];

	if (address)
		buffer_printf(buffer, "set %s/%s %s || goto no_network\n", interface, name,
			      inet_ntop(AF_INET, &raw, text, sizeof(text)));
}

static void write_network(const struct ipxe_plan *plan, struct buffer *buffer)
{
	const struct ipxe_script *script = plan->script;

	switch (script->network) {
	case IPXE_DHCP:
		buffer_printf(buffer, "dhcp%s%s || goto no_network\n", script->interface ? " " : "",
			      script->interface ? script->interface : "");
		break;
	case IPXE_STATIC:
		buffer_printf(buffer, "ifopen %s || goto no_network\n",
			      script->interface ? script->interface : "net0");
		write_setting(script, "ip", plan->address, buffer);
		write_setting(script, "netmask", plan->netmask, buffer);
		write_setting(script, "gateway", plan->gateway, buffer);
		write_setting(script, "dns", plan->dns, buffer);
		break;
	case IPXE_KEEP:
		break;
	}
}

/* ---- what a script is for ------------------------------------------------ */

static void write_verify(const struct ipxe_plan *plan, const char *name, struct buffer *buffer)
{
	buffer_printf(buffer, "imgverify %s %s%s.sig || goto bad_signature\n", name, plan->prefix,
		      name);
}

/* An image that gives the machine back has not booted it either. */
static void write_boot(struct buffer *buffer)
{
	buffer_add_text(buffer, "boot || goto not_booted\n"
				"goto not_booted\n");
}

static void write_bios(const struct ipxe_plan *plan, struct buffer *buffer)
{
	const struct ipxe_script *script = plan->script;

	buffer_printf(buffer, "kernel %s%s || goto no_file\n", plan->prefix, script->memdisk);
	buffer_printf(buffer, "initrd %s%s || goto no_file\n", plan->prefix, script->iso);
	write_verify(plan, script->memdisk, buffer);
	write_verify(plan, script->iso, buffer);
	buffer_printf(buffer,
		      "imgstat || goto failed\n"
		      "imgargs %s iso raw || goto failed\n",
		      script->memdisk);
	write_boot(buffer);
}

static void write_uefi(const struct ipxe_plan *plan, struct buffer *buffer)
{
	const struct ipxe_script *script = plan->script;

	buffer_printf(buffer, "kernel %s%s || goto no_file\n", plan->prefix, script->efi);
	write_verify(plan, script->efi, buffer);
	buffer_add_text(buffer, "imgstat || goto failed\n");
	write_boot(buffer);
}

static void write_system(const struct ipxe_plan *plan, struct buffer *buffer)
{
	switch (plan->script->platform) {
	case IPXE_BIOS:
		buffer_add_text(buffer, "iseq ${platform} pcbios || goto wrong_platform\n");
		write_network(plan, buffer);
		write_bios(plan, buffer);
		break;
	case IPXE_UEFI:
		buffer_add_text(buffer, "iseq ${platform} efi || goto wrong_platform\n");
		write_network(plan, buffer);
		write_uefi(plan, buffer);
		break;
	case IPXE_AUTO:
		write_network(plan, buffer);
		buffer_add_text(buffer, "iseq ${platform} pcbios && goto bios ||\n"
					"iseq ${platform} efi && goto uefi ||\n"
					"goto wrong_platform\n"
					"\n"
					":bios\n");
		write_bios(plan, buffer);
		buffer_add_text(buffer, "\n:uefi\n");
		write_uefi(plan, buffer);
		break;
	}
}

static void write_handover(const struct ipxe_plan *plan, struct buffer *buffer)
{
	const char *name = plan->script->script;

	write_network(plan, buffer);
	buffer_printf(buffer, "imgfetch %s%s || goto no_file\n", plan->prefix, name);
	write_verify(plan, name, buffer);
	buffer_printf(buffer,
		      "chain %s || goto not_booted\n"
		      "goto not_booted\n",
		      name);
}

/* ---- how every script ends ----------------------------------------------- */

/* "||" without a command behind it goes on whatever happened: even a message that cannot be
 * printed must not end the script. */
static void write_say(struct buffer *buffer, const char *text)
{
	buffer_printf(buffer, "echo %s ||\n", text);
}

static void write_failure(struct buffer *buffer, const char *label, const char *first,
			  const char *second)
{
	buffer_printf(buffer, "\n:%s\n", label);
	write_say(buffer, first);
	write_say(buffer, second);
	buffer_add_text(buffer, "goto stop\n");
}

static void write_failures(const struct ipxe_script *script, struct buffer *buffer)
{
	write_failure(buffer, "no_trust", "FAILED: this iPXE cannot verify signatures.",
		      "Build one with IMAGE_TRUST_CMD, as muenbuild ipxe --instructions says.");
	if (!script->embedded)
		write_failure(
			buffer, "wrong_platform",
			"FAILED: this script is not for the platform ${platform}.",
			script->platform == IPXE_BIOS
				? "It was made for BIOS: muenbuild ipxe --platform uefi or auto."
			: script->platform == IPXE_UEFI
				? "It was made for UEFI: muenbuild ipxe --platform bios or auto."
				: "It was made for BIOS and UEFI.");
	if (script->network != IPXE_KEEP)
		write_failure(buffer, "no_network", "FAILED: the network could not be set up.",
			      "Check cable, interface and addresses.");
	write_failure(buffer, "no_file", "FAILED: a file could not be fetched or used.",
		      "Check server, path and memory; the code above says more.");
	write_failure(buffer, "bad_signature",
		      "FAILED: a signature is missing or was refused. Nothing will be booted.",
		      "muenbuild verify --explain tells what the code above means.");
	write_failure(buffer, "not_booted",
		      script->embedded
			      ? "FAILED: the verified script could not be run, or ended."
			      : "FAILED: what was verified could not be started, or ended.",
		      "The code above says more, if there is one.");
	write_failure(buffer, "failed", "FAILED: iPXE could not do what it was told.",
		      "It may be out of memory.");
}

static void write_wait(const struct ipxe_script *script, const char *doing, struct buffer *buffer)
{
	buffer_printf(buffer,
		      "echo Nothing is booted. %s in %u seconds. ||\n"
		      "sleep %u ||\n",
		      doing, script->delay, script->delay);
}

static void write_halt(struct buffer *buffer)
{
	buffer_add_text(buffer, ":halt\n"
				"sleep 3600 ||\n"
				"goto halt\n");
}

static void write_stop(const struct ipxe_script *script, struct buffer *buffer)
{
	buffer_add_text(buffer, "\n:stop\n"
				"imgfree ||\n");
	switch (script->on_failure) {
	case IPXE_HALT:
		write_say(buffer, "Nothing is booted. Reset the machine to try again.");
		write_halt(buffer);
		break;
	case IPXE_RETRY:
		write_wait(script, "Trying again", buffer);
		buffer_add_text(buffer, "goto start\n");
		break;
	case IPXE_REBOOT:
		write_wait(script, "Rebooting", buffer);
		buffer_add_text(buffer, "reboot ||\n");
		write_say(buffer, "The machine cannot be rebooted. Reset it to try again.");
		write_halt(buffer);
		break;
	case IPXE_SHELL:
		write_say(buffer, "Nothing is booted. Here is the command line of iPXE.");
		/* A shell that is left, or was not built in, must not end the script. */
		buffer_add_text(buffer, ":shell\n"
					"shell ||\n");
		write_say(buffer, "The shell was left or is not there. Nothing is booted.");
		buffer_add_text(buffer, "sleep 5 ||\n"
					"goto shell\n");
		break;
	}
}

int ipxe_script_write(const struct ipxe_script *script, struct buffer *buffer,
		      struct findings *findings, struct error *err)
{
	cleanup_plan struct ipxe_plan plan = { 0 };

	if (ipxe_plan_make(script, &plan, findings, err) < 0)
		return -1;
	write_head(script, buffer);
	if (script->embedded)
		write_handover(&plan, buffer);
	else
		write_system(&plan, buffer);
	write_failures(script, buffer);
	write_stop(script, buffer);
	return 0;
}
