#include "sign/ipxe/plan.h"

#include "base/text.h"

#include <string.h>

/* Whether a path can stand in a make variable and, in a list, between commas. */
static int check_make_path(const char *option, const char *path, struct error *err)
{
	static const char possible[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789._/+@-";
	char shown[256];

	if (*path && *path != '-' && !path[strspn(path, possible)])
		return 0;
	err_fail(err, ERR_USAGE, "--%s: '%s' cannot stand in iPXE's make command", option,
		 text_printable(path, strlen(path), shown, sizeof(shown)));
	return err_mend(err, "rename it: letters, digits and . _ / + @ - are possible");
}

static void write_source(struct buffer *buffer)
{
	buffer_add_text(
		buffer,
		"1. Get the source. Any release from 1.21.1 on verifies RSA signatures; ECDSA "
		"needs\n"
		"   2.0.0 or later. What distributions package cannot verify at all.\n"
		"\n"
		"     apt install gcc make perl liblzma-dev mtools xorriso isolinux syslinux\n"
		"     git clone https://github.com/ipxe/ipxe.git\n"
		"     cd ipxe/src\n"
		"\n");
}

static void write_options(const struct ipxe_plan *plan, struct buffer *buffer)
{
	buffer_add_text(buffer,
			"2. Say what goes in: write config/local/general.h with these lines.\n"
			"\n"
			"     #define IMAGE_TRUST_CMD\n"
			"     #undef BANNER_TIMEOUT\n"
			"     #define BANNER_TIMEOUT 0\n");
	if (plan->secure_url)
		buffer_add_text(buffer, "     #define DOWNLOAD_PROTO_HTTPS\n");
	buffer_add_text(
		buffer,
		"\n"
		"   The first gives imgtrust and imgverify, which are off by default. The others\n"
		"   take away the prompt at which anyone with a keyboard gets iPXE's command "
		"line.\n"
		"   For messages on a serial port, in config/local/console.h:\n"
		"\n"
		"     #ifndef PLATFORM_efi\n"
		"     #define CONSOLE_SERIAL\n"
		"     #endif\n"
		"\n");
}

static void write_make(const char *targets, const struct ipxe_build *build, struct buffer *buffer)
{
	buffer_printf(buffer,
		      "     make %s \\\n"
		      "          EMBED=%s \\\n"
		      "          CERT=%s,%s TRUST=%s\n"
		      "\n",
		      targets, build->embed, build->cert, build->ca, build->ca);
}

static void write_targets(const struct ipxe_plan *plan, const struct ipxe_build *build,
			  struct buffer *buffer)
{
	bool needs_place = !plan->script->embedded && !plan->script->url;
	const struct ipxe_build named = { .embed = needs_place ? "embed.ipxe" : build->embed,
					  .cert = build->cert ? build->cert : "sign.crt",
					  .ca = build->ca ? build->ca : "ca.crt" };

	buffer_add_text(buffer, "3. Build, in ipxe/src (paths from there, or absolute ones).\n"
				"\n");
	if (needs_place)
		buffer_printf(
			buffer,
			"   Names in %s are relative to its place on the server, so it cannot\n"
			"   be embedded itself: 'muenbuild ipxe --embed' makes embed.ipxe, which\n"
			"   fetches it.\n"
			"\n",
			build->embed);
	if (plan->script->platform != IPXE_UEFI) {
		buffer_add_text(buffer, "   For BIOS (USB stick, CD, PXE):\n\n");
		write_make("bin/ipxe.usb bin/ipxe.iso bin/undionly.kpxe", &named, buffer);
	}
	if (plan->script->platform != IPXE_BIOS) {
		buffer_add_text(buffer, "   For UEFI:\n\n");
		write_make("bin-x86_64-efi/ipxe.efi", &named, buffer);
	}
	buffer_add_text(
		buffer,
		"   EMBED= is run as it is, without a signature: it is part of what you trust.\n"
		"   CERT= lists certificates that complete chains; they must be PEM (a DER file\n"
		"   silently puts nothing in). TRUST= pins the SHA-256 of the first certificate "
		"of\n"
		"   each file. Without TRUST= iPXE trusts its own project's root, and settings "
		"can\n"
		"   name another one.\n"
		"\n");
}

static void write_rotation(struct buffer *buffer)
{
	buffer_add_text(
		buffer,
		"4. After the CA was renewed, build again - and mind the trap: iPXE's Makefile "
		"does\n"
		"   not notice that the *contents* of the file in TRUST= changed, and the old CA\n"
		"   stays trusted. Give the new CA a new file name, or first:\n"
		"\n"
		"     rm -f bin/.trusted.list bin-*/.trusted.list\n"
		"\n"
		"   A re-issued CA certificate (same key, new dates) is another certificate for\n"
		"   iPXE: sign everything again. A new signing certificate needs no new iPXE if\n"
		"   the signatures hold the chain, as those of 'muenbuild sign' do.\n"
		"\n");
}

static void write_place(const struct ipxe_plan *plan, const char *name, struct buffer *buffer)
{
	buffer_printf(buffer, "     %s%s and %s.sig\n", plan->prefix, name, name);
}

static void write_files(const struct ipxe_plan *plan, struct buffer *buffer)
{
	const struct ipxe_script *script = plan->script;
	struct ipxe_file files[IPXE_FILES_MAX];
	size_t count = ipxe_script_files(script, files);

	buffer_add_text(buffer, "5. Sign what is fetched (muenbuild sign), and serve it:\n\n");
	for (size_t i = 0; i < count; i++)
		write_place(plan, files[i].name, buffer);
	if (script->embedded)
		buffer_printf(buffer, "     and what %s fetches\n", script->script);
	buffer_add_text(
		buffer,
		"\n"
		"   Sign the very bytes that are served: memdisk changes with its Debian package.\n"
		"\n");
}

static void write_limits(const struct ipxe_script *script, struct buffer *buffer)
{
	buffer_add_text(
		buffer,
		"6. Set up the machine so that nothing else can be booted: this iPXE as the only\n"
		"   boot device, and a password on the firmware's setup. No script can help where\n"
		"   iPXE is not started. Set the clock, in UTC: certificates are checked against\n"
		"   it, with a margin of half a day.\n");
	if (script->on_failure == IPXE_SHELL)
		buffer_add_text(
			buffer,
			"   With --on-failure shell a person at the keyboard can boot what they "
			"like,\n"
			"   for instance with sanboot, which image trust does not cover.\n");
}

int ipxe_build_write(const struct ipxe_script *script, const struct ipxe_build *build,
		     struct buffer *buffer, struct error *err)
{
	cleanup_findings struct findings findings = { 0 };
	cleanup_plan struct ipxe_plan plan = { 0 };

	if (ipxe_plan_make(script, &plan, &findings, err) < 0 ||
	    check_make_path("output", build->embed, err) < 0 ||
	    (build->cert && check_make_path("cert", build->cert, err) < 0) ||
	    (build->ca && check_make_path("ca", build->ca, err) < 0))
		return -1;
	buffer_printf(buffer, "An iPXE that runs %s and trusts your CA\n\n", build->embed);
	write_source(buffer);
	write_options(&plan, buffer);
	write_targets(&plan, build, buffer);
	write_rotation(buffer);
	write_files(&plan, buffer);
	write_limits(script, buffer);
	return 0;
}
