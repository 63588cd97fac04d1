/* muenbuild serve: the folder for iPXE on a web server of its own, for trying. */
#include "base/text.h"
#include "cli/verbs.h"
#include "serve/server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_PORT = 1 };

#define DEFAULT_PORT 8080

static const struct option_spec specs[] = {
	{ OPTION_PORT, "port", 'p', "N", "the port (default: 8080; 0: any that is free)" },
	{ 0 },
};

static void log_request(const struct served *served, void *context)
{
	char method[64], url[1024];

	(void)context;
	text_printable(served->method, strlen(served->method), method, sizeof(method));
	text_printable(served->url, strlen(served->url), url, sizeof(url));
	fprintf(stderr, "%s %s %u", method, url, served->status);
	if (served->offset)
		fprintf(stderr, " from %" PRIu64, served->offset);
	if (served->length)
		fprintf(stderr, " %" PRIu64 " bytes", served->length);
	putc('\n', stderr);
}

/* Blocked before the server's threads are there, so that they come here and nowhere else. */
static void block_end(sigset_t *end)
{
	sigemptyset(end);
	sigaddset(end, SIGINT);
	sigaddset(end, SIGTERM);
	sigaddset(end, SIGHUP);
	sigprocmask(SIG_BLOCK, end, NULL);
}

static int serve(const struct server_options *wanted, struct error *err)
{
	cleanup_server struct server *server = NULL;
	sigset_t end;
	int number;

	block_end(&end);
	server = server_start(wanted, err);
	if (!server)
		return -1;
	printf("http://127.0.0.1:%u/\n", server_port(server));
	if (fflush(stdout) == EOF)
		return err_fail_errno(err, ERR_IO, errno, "stdout: cannot write the address");
	fprintf(stderr, "serving %s until Ctrl-C\n", wanted->folder);
	sigwait(&end, &number);
	return 0;
}

static int run_serve(int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_serve);
	struct server_options wanted = { .port = DEFAULT_PORT, .log = log_request };
	unsigned long long port;
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0) {
		if (option_number("port", value, 0, UINT16_MAX, &port, err) < 0)
			return -1;
		wanted.port = (uint16_t)port;
	}
	if (id < 0 || options_expect(&options, 1, 1, err) < 0)
		return -1;
	wanted.folder = options.operands[0];
	return serve(&wanted, err);
}

const struct verb verb_serve = {
	.name = "serve",
	.run = run_serve,
	.summary = "serve a folder to iPXE on this machine, for trying",
	.operands = "DIR",
	.options = specs,
	.details = "Serves the files of DIR, such as the www that 'muenbuild build' makes, on "
		   "127.0.0.1\n"
		   "alone: to this machine, and to virtual machines with QEMU's user network, who "
		   "find it\n"
		   "as 10.0.2.2. Every request is a line on stderr. It ends on Ctrl-C.\n",
};
