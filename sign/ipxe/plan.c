#include "sign/ipxe/plan.h"

#include "base/alloc.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_MAX_LENGTH = 100, /* of a file: more than anyone needs, less than iPXE's line */
	HOST_MAX_LENGTH = 253, /* RFC 1035 2.3.4 */
	URL_MAX_LENGTH = 500,
	DELAY_MAX = 86400,
};

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* ---- IPv4 addresses ------------------------------------------------------ */

/* A value as it may be shown in a message. */
struct shown {
	char text[256];
};

static struct shown show(const char *value, size_t length)
{
	struct shown shown;

	text_printable(value, length, shown.text, sizeof(shown.text));
	return shown;
}

static int parse_ipv4(const char *option, const char *value, uint32_t *address, struct error *err)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, value, &parsed) != 1) {
		err_fail(err, ERR_USAGE, "--%s: '%s' is not an IPv4 address", option,
			 show(value, strlen(value)).text);
		return err_mend(err, "write four numbers from 0 to 255: 192.168.199.4");
	}
	*address = ntohl(parsed.s_addr);
	return 0;
}

/* An address that a machine can have: not "this network", loopback, multicast or reserved
 * (RFC 6890). */
static int parse_host(const char *option, const char *value, uint32_t *address, struct error *err)
{
	uint32_t first;

	if (parse_ipv4(option, value, address, err) < 0)
		return -1;
	first = *address >> 24;
	if (first == 0 || first == 127 || first >= 224)
		return err_fail(err, ERR_USAGE, "--%s: %s is not an address of a machine", option,
				value);
	return 0;
}

static int parse_netmask(const char *value, uint32_t *netmask, struct error *err)
{
	uint32_t inverted;

	if (parse_ipv4("netmask", value, netmask, err) < 0)
		return -1;
	inverted = ~*netmask;
	if (*netmask && !(inverted & (inverted + 1)))
		return 0;
	err_fail(err, ERR_USAGE, "--netmask: %s is not a netmask: its one-bits must be the first",
		 value);
	return err_mend(err, "255.255.255.0 stands for a network of 254 machines");
}

/* "192.168.199.4" with a netmask of its own, or "192.168.199.4/24". */
static int parse_address(const struct ipxe_script *script, struct ipxe_plan *plan,
			 struct error *err)
{
	const char *slash = strchr(script->address, '/');
	cleanup_free char *host = NULL;
	uint64_t prefix;

	if (!slash) {
		if (parse_host("ip", script->address, &plan->address, err) < 0)
			return -1;
		if (script->netmask)
			return parse_netmask(script->netmask, &plan->netmask, err);
		err_fail(err, ERR_USAGE, "--ip %s needs the netmask", script->address);
		return err_mend(err, "add --netmask 255.255.255.0, or write --ip %s/24",
				script->address);
	}
	host = xstrndup(script->address, (size_t)(slash - script->address));
	if (parse_host("ip", host, &plan->address, err) < 0)
		return -1;
	if (text_to_number(slash + 1, &prefix) < 0 || prefix < 1 || prefix > 32)
		return err_fail(err, ERR_USAGE, "--ip: '%s' has no prefix length from 1 to 32",
				show(script->address, strlen(script->address)).text);
	if (script->netmask)
		return err_fail(err, ERR_USAGE, "--netmask: --ip %s says it already",
				script->address);
	plan->netmask = UINT32_MAX << (32 - prefix);
	return 0;
}

static const char *ipv4_text(uint32_t address, char text[static INET_ADDRSTRLEN])
{
	struct in_addr raw = { .s_addr = htonl(address) };

	return inet_ntop(AF_INET, &raw, text, INET_ADDRSTRLEN);
}

static bool in_network(const struct ipxe_plan *plan, uint32_t address)
{
	return !((plan->address ^ address) & plan->netmask);
}

static int check_gateway(const struct ipxe_plan *plan, struct findings *findings, struct error *err)
{
	char network[INET_ADDRSTRLEN], netmask[INET_ADDRSTRLEN];

	if (plan->gateway == plan->address)
		return err_fail(err, ERR_USAGE, "--gateway: %s is the machine's own address",
				plan->script->gateway);
	if (!in_network(plan, plan->gateway))
		findings_add(findings, FINDING_WARNING,
			     "check --ip, --netmask and --gateway against each other",
			     "the gateway %s is not in the network %s/%s: it will not be reached",
			     plan->script->gateway,
			     ipv4_text(plan->address & plan->netmask, network),
			     ipv4_text(plan->netmask, netmask));
	return 0;
}

static int check_static(const struct ipxe_script *script, struct ipxe_plan *plan,
			struct findings *findings, struct error *err)
{
	if (!script->address)
		return err_fail(err, ERR_USAGE, "a static network needs --ip");
	if (parse_address(script, plan, err) < 0)
		return -1;
	/* With prefixes of 31 and 32 (RFC 3021) there are no such addresses. */
	if (~plan->netmask > 1 &&
	    (!(plan->address & ~plan->netmask) || !(~plan->address & ~plan->netmask)))
		return err_fail(err, ERR_USAGE, "--ip: %s is the %s address of its network",
				script->address,
				plan->address & ~plan->netmask ? "broadcast" : "first");
	if (script->dns && parse_host("dns", script->dns, &plan->dns, err) < 0)
		return -1;
	if (!script->gateway)
		return 0;
	if (parse_host("gateway", script->gateway, &plan->gateway, err) < 0)
		return -1;
	return check_gateway(plan, findings, err);
}

static bool is_interface(const char *name)
{
	size_t digits = strncmp(name, "net", 3) ? 0 : strspn(name + 3, "0123456789");

	return (digits == 1 || digits == 2) && !name[3 + digits];
}

static int check_network(const struct ipxe_script *script, struct ipxe_plan *plan,
			 struct findings *findings, struct error *err)
{
	const struct {
		const char *option, *value;
	} statics[] = { { "ip", script->address },
			{ "netmask", script->netmask },
			{ "gateway", script->gateway },
			{ "dns", script->dns } };

	if (script->interface && !is_interface(script->interface))
		return err_fail(err, ERR_USAGE,
				"--interface: '%s' is not one of iPXE's: net0, net1, ...",
				show(script->interface, strlen(script->interface)).text);
	if (script->interface && script->network == IPXE_KEEP)
		return err_fail(err, ERR_USAGE, "--interface: the network is left as it is");
	if (script->network == IPXE_STATIC)
		return check_static(script, plan, findings, err);
	for (size_t i = 0; i < sizeof(statics) / sizeof(statics[0]); i++)
		if (statics[i].value)
			return err_fail(err, ERR_USAGE, "--%s is for --network static only, not %s",
					statics[i].option, ipxe_network_name(script->network));
	return 0;
}

/* ---- the URL ------------------------------------------------------------- */

static int fail_url(const char *url, const char *what, struct error *err)
{
	err_fail(err, ERR_USAGE, "--url: '%s' %s", show(url, strlen(url)).text, what);
	return err_mend(err,
			"write it as http://192.168.199.2 or http://boot.example.org:8080/muen");
}

/* A path that needs no encoding, no quoting and no resolving. */
static int check_path(const char *url, const char *path, struct error *err)
{
	while (*path == '/') {
		const char *segment = ++path;

		while (is_alphanumeric(*path) || (*path && strchr("._~-", *path)))
			path++;
		if (path == segment && !*path)
			return 0; /* the slash at the end */
		if (path == segment && *path == '/')
			return fail_url(url, "has an empty folder name", err);
		if (segment[0] == '.')
			return fail_url(url, "has a folder name that begins with a dot", err);
	}
	if (!*path)
		return 0;
	return fail_url(url,
			"has a character that an iPXE script cannot pass on: letters, digits "
			"and . _ ~ - are possible in folder names",
			err);
}

static int check_port(const char *url, const char *port, size_t length, struct error *err)
{
	cleanup_free char *text = xstrndup(port, length);
	uint64_t number;

	if (text_to_number(text, &number) < 0 || text[0] == '0' || number > 65535)
		return fail_url(url, "has no port number from 1 to 65535 behind the colon", err);
	return 0;
}

/* Whether the host is a well-formed name (RFC 1123 2.1). */
static bool is_host_name(const char *host, size_t length)
{
	bool begins = true;

	if (!length || length > HOST_MAX_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool last = i + 1 == length || host[i + 1] == '.';

		if (!is_alphanumeric(host[i]) &&
		    !((host[i] == '-' && !begins && !last) || (host[i] == '.' && !begins)))
			return false;
		begins = host[i] == '.';
	}
	return !begins;
}

static int check_server(const struct ipxe_plan *plan, const char *url, const char *host,
			size_t length, struct error *err)
{
	cleanup_free char *text = xstrndup(host, length);
	struct in_addr raw;

	if (inet_pton(AF_INET, text, &raw) == 1) {
		if (plan->script->network != IPXE_STATIC || plan->gateway ||
		    in_network(plan, ntohl(raw.s_addr)))
			return 0;
		err_fail(err, ERR_USAGE, "--url: %s is in another network, and there is no gateway",
			 text);
		return err_mend(err, "add --gateway");
	}
	if (strspn(text, "0123456789.") == length)
		return fail_url(url, "has a server that is not an IPv4 address", err);
	if (!is_host_name(text, length))
		return fail_url(url, "has no server name or IPv4 address behind the scheme", err);
	if (plan->script->network == IPXE_STATIC && !plan->dns) {
		err_fail(err, ERR_USAGE, "--url: %s is a name, and there is no name server", text);
		return err_mend(err, "add --dns ADDRESS, or write the server's address");
	}
	return 0;
}

static size_t scheme_length(const char *url)
{
	static const char *const schemes[] = { "http://", "https://", "tftp://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!strncmp(url, schemes[i], strlen(schemes[i])))
			return strlen(schemes[i]);
	return 0;
}

static int check_url(const struct ipxe_script *script, struct ipxe_plan *plan,
		     struct findings *findings, struct error *err)
{
	const char *url = script->url, *host = url + scheme_length(url);
	size_t authority = strcspn(host, "/"), length = strcspn(host, ":/");

	if (host == url)
		return fail_url(url,
				"is not a URL that iPXE is known to fetch: it must begin with "
				"http://, https:// or tftp://",
				err);
	if (strlen(url) > URL_MAX_LENGTH)
		return fail_url(url, "is too long", err);
	if (check_server(plan, url, host, length, err) < 0 ||
	    (length < authority &&
	     check_port(url, host + length + 1, authority - length - 1, err) < 0) ||
	    check_path(url, host + authority, err) < 0)
		return -1;
	plan->secure_url = !strncmp(url, "https:", 6);
	if (plan->secure_url)
		findings_add(findings, FINDING_NOTE,
			     "http is enough: what is fetched is verified anyway",
			     "https works only if iPXE was built with DOWNLOAD_PROTO_HTTPS and "
			     "trusts the server's certificate too");
	plan->prefix = xasprintf("%s%s", url, url[strlen(url) - 1] == '/' ? "" : "/");
	return 0;
}

static int check_place(const struct ipxe_script *script, struct ipxe_plan *plan,
		       struct findings *findings, struct error *err)
{
	if (script->url)
		return check_url(script, plan, findings, err);
	plan->prefix = xstrdup("");
	if (script->embedded && script->network != IPXE_DHCP) {
		err_fail(err, ERR_USAGE,
			 "an embedded script has no place of its own: without DHCP it needs --url");
		return err_mend(err, "add --url http://192.168.199.2");
	}
	if (script->embedded)
		findings_add(findings, FINDING_NOTE, "name another place with --url",
			     "without --url %s is fetched by TFTP from DHCP's next-server",
			     script->script);
	else if (script->network == IPXE_DHCP)
		findings_add(findings, FINDING_WARNING, "add --url, or leave --network dhcp out",
			     "a new DHCP lease may move what names are relative to from the "
			     "script's own place to TFTP on DHCP's next-server");
	return 0;
}

/* ---- file names ---------------------------------------------------------- */

static int check_name(const char *option, const char *name, struct error *err)
{
	size_t length = 0;

	while (is_alphanumeric(name[length]) ||
	       (length && name[length] && strchr("._-", name[length])))
		length++;
	if (length && !name[length] && length <= NAME_MAX_LENGTH)
		return 0;
	err_fail(err, ERR_USAGE, "--%s: iPXE cannot refer to a file named '%s'", option,
		 show(name, strlen(name)).text);
	return err_mend(err,
			"use letters, digits and . _ - (first a letter or digit, at most %d), "
			"without a folder: that is what --url is for",
			NAME_MAX_LENGTH);
}

static const char *const file_options[] = { [IPXE_FILE_MEMDISK] = "memdisk",
					    [IPXE_FILE_ISO] = "iso",
					    [IPXE_FILE_EFI] = "efi",
					    [IPXE_FILE_SCRIPT] = "script" };

/* imgverify takes the first image of a name, registered or not yet fetched: two files of one name,
 * or one named as the signature of another, would be verified in place of each other. */
static int check_different(const struct ipxe_file *file, const struct ipxe_file *other,
			   struct error *err)
{
	size_t length = strlen(other->name);

	if (strncmp(file->name, other->name, length) ||
	    (file->name[length] && strcmp(file->name + length, ".sig")))
		return 0;
	return err_fail(err, ERR_USAGE,
			"--%s %s and --%s %s: iPXE could not tell them, or one and the other's "
			"signature, apart",
			file_options[file->kind], file->name, file_options[other->kind],
			other->name);
}

static int check_names(const struct ipxe_script *script, struct error *err)
{
	struct ipxe_file files[IPXE_FILES_MAX];
	size_t count = ipxe_script_files(script, files);

	for (size_t i = 0; i < count; i++)
		if (check_name(file_options[files[i].kind], files[i].name, err) < 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			if (k != i && check_different(&files[i], &files[k], err) < 0)
				return -1;
	return 0;
}

int ipxe_plan_make(const struct ipxe_script *script, struct ipxe_plan *plan,
		   struct findings *findings, struct error *err)
{
	*plan = (struct ipxe_plan){ .script = script };
	if ((script->on_failure == IPXE_RETRY || script->on_failure == IPXE_REBOOT) &&
	    (script->delay < 1 || script->delay > DELAY_MAX))
		return err_fail(err, ERR_USAGE, "--delay: %u is not between 1 and %d seconds",
				script->delay, DELAY_MAX);
	if (check_names(script, err) < 0 || check_network(script, plan, findings, err) < 0)
		return -1;
	return check_place(script, plan, findings, err);
}

void ipxe_plan_free(struct ipxe_plan *plan)
{
	free(plan->prefix);
	plan->prefix = NULL;
}
