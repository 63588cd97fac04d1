#include "serve/server.h"

#include "base/alloc.h"
#include "serve/listing.h"
#include "serve/microhttpd.h"
#include "serve/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum {
	CONNECTIONS_MOST = 64,
	IDLE_SECONDS = 60,
};

struct server {
	struct MHD_Daemon *daemon;
	int folder; /* O_PATH */
	uint16_t port;
	server_log *log;
	void *context;
};

/* A request on its way to its answer. */
struct exchange {
	const struct server *server;
	struct MHD_Connection *connection;
	struct served served;
};

/* ---- answers ------------------------------------------------------------- */

static enum MHD_Result send_response(struct exchange *exchange, unsigned status,
				     struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	exchange->served.status = status;
	result = microhttpd.queue_response(exchange->connection, status, response);
	microhttpd.destroy_response(response);
	if (exchange->server->log)
		exchange->server->log(&exchange->served, exchange->server->context);
	return result;
}

static struct MHD_Response *text_response(char *text, const char *type)
{
	struct MHD_Response *response =
		microhttpd.create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);

	if (response)
		microhttpd.add_response_header(response, "Content-Type", type);
	return response;
}

static enum MHD_Result send_error(struct exchange *exchange, unsigned status, const char *text)
{
	cleanup_free char *line = xasprintf("%u %s\n", status, text);
	struct MHD_Response *response = text_response(line, "text/plain; charset=utf-8");

	if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		microhttpd.add_response_header(response, "Allow", "GET, HEAD");
	return send_response(exchange, status, response);
}

static enum MHD_Result send_open_error(struct exchange *exchange, int number)
{
	switch (number) {
	case EXDEV: /* openat2: out of the folder */
		return send_error(exchange, MHD_HTTP_FORBIDDEN,
				  "this link leads out of the folder that is served");
	case EACCES:
	case EPERM:
		return send_error(exchange, MHD_HTTP_FORBIDDEN, "this may not be read");
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
		return send_error(exchange, MHD_HTTP_NOT_FOUND, "there is no such file");
	}
	return send_error(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, "this cannot be read");
}

/* ---- files --------------------------------------------------------------- */

static const char *content_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".ipxe", "text/plain; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ "SHA256SUMS", "text/plain; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".xml", "application/xml" },
		{ ".iso", "application/x-iso9660-image" },
		{ ".efi", "application/efi" },
		{ ".sig", "application/pkcs7-signature" },
	};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t suffix = strlen(types[i].suffix);

		if (length >= suffix && !strcmp(name + length - suffix, types[i].suffix))
			return types[i].type;
	}
	return "application/octet-stream";
}

static enum range_verdict asked_range(const struct exchange *exchange, uint64_t size,
				      struct request_range *range)
{
	struct MHD_Connection *connection = exchange->connection;

	/* What a client has of another version must not be completed with this one, and there is
	 * nothing here by which versions are told apart. */
	if (microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, "If-Range"))
		return RANGE_ALL;
	return request_range(
		microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, "Range"), size,
		range);
}

static void add_content_range(struct MHD_Response *response, const struct request_range *range,
			      uint64_t size)
{
	cleanup_free char *text =
		range ? xasprintf("bytes %llu-%llu/%llu", (unsigned long long)range->offset,
				  (unsigned long long)(range->offset + range->length - 1),
				  (unsigned long long)size)
		      : xasprintf("bytes */%llu", (unsigned long long)size);

	microhttpd.add_response_header(response, "Content-Range", text);
}

static enum MHD_Result send_unsatisfiable(struct exchange *exchange, uint64_t size)
{
	struct MHD_Response *response =
		microhttpd.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response)
		add_content_range(response, NULL, size);
	return send_response(exchange, MHD_HTTP_RANGE_NOT_SATISFIABLE, response);
}

/* Takes the descriptor. */
static enum MHD_Result send_file(struct exchange *exchange, const char *name, int fd, uint64_t size)
{
	struct request_range range = { 0, size };
	enum range_verdict verdict = asked_range(exchange, size, &range);
	struct MHD_Response *response;

	if (verdict == RANGE_UNSATISFIABLE) {
		close(fd);
		return send_unsatisfiable(exchange, size);
	}
	response = microhttpd.create_response_from_fd_at_offset64(range.length, fd, range.offset);
	if (!response) {
		close(fd);
		return MHD_NO;
	}
	microhttpd.add_response_header(response, "Content-Type", content_type(name));
	microhttpd.add_response_header(response, "Accept-Ranges", "bytes");
	exchange->served.offset = range.offset;
	exchange->served.length = range.length;
	if (verdict == RANGE_ALL)
		return send_response(exchange, MHD_HTTP_OK, response);
	add_content_range(response, &range, size);
	return send_response(exchange, MHD_HTTP_PARTIAL_CONTENT, response);
}

/* ---- folders ------------------------------------------------------------- */

/* Links in the page are relative: a folder's address must end with a slash. */
static enum MHD_Result send_elsewhere(struct exchange *exchange)
{
	struct MHD_Response *response =
		microhttpd.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	const char *url = exchange->served.url, *slash = strrchr(url, '/');
	cleanup_free char *where = xasprintf("./%s/", slash ? slash + 1 : url);

	if (response)
		microhttpd.add_response_header(response, "Location", where);
	return send_response(exchange, MHD_HTTP_MOVED_PERMANENTLY, response);
}

/* Takes the descriptor. */
static enum MHD_Result send_listing(struct exchange *exchange, const char *path, int fd)
{
	cleanup_buffer struct buffer page = { 0 };
	cleanup_free char *title = strcmp(path, ".") ? xasprintf("/%s/", path) : xstrdup("/");

	if (listing_write(fd, title, &page) < 0)
		return send_open_error(exchange, errno);
	exchange->served.length = page.length;
	return send_response(exchange, MHD_HTTP_OK,
			     text_response(page.data, "text/html; charset=utf-8"));
}

/* ---- requests ------------------------------------------------------------ */

static int open_beneath(int folder, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

static enum MHD_Result answer_path(struct exchange *exchange, const char *path, bool folder)
{
	int fd = open_beneath(exchange->server->folder, path);
	struct stat status;

	if (fd < 0)
		return send_open_error(exchange, errno);
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		if (folder)
			return send_listing(exchange, path, fd);
		close(fd);
		return send_elsewhere(exchange);
	}
	if (S_ISREG(status.st_mode) && !folder)
		return send_file(exchange, path, fd, (uint64_t)status.st_size);
	close(fd);
	return send_open_error(exchange, ENOENT);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_size, void **state)
{
	struct exchange exchange = { .server = context,
				     .connection = connection,
				     .served = { .method = method, .url = url } };
	cleanup_free char *copy = xstrdup(url);
	const char *path;
	bool folder;

	(void)version;
	(void)data;
	/* The first call announces the request; bodies, which nobody needs, follow and are let go.
	 */
	if (!*state || *data_size) {
		*state = context;
		*data_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return send_error(&exchange, MHD_HTTP_METHOD_NOT_ALLOWED,
				  "only GET and HEAD are possible");
	path = request_path(copy, &folder);
	if (!path)
		return send_open_error(&exchange, ENOENT);
	return answer_path(&exchange, path, folder);
}

/* Paths are decoded in one place, request_path(). */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* ---- beginning and end --------------------------------------------------- */

static int open_folder(struct server *server, const char *path, struct error *err)
{
	int probe;

	server->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (server->folder < 0) {
		err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot open the folder to serve",
			       path);
		return err_mend(err, "name the folder www that 'muenbuild build' made");
	}
	probe = open_beneath(server->folder, ".");
	if (probe >= 0) {
		close(probe);
		return 0;
	}
	if (errno != ENOSYS) {
		err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot read the folder", path);
		return err_mend(err, "make it readable");
	}
	err_fail(err, ERR_MISSING, "this kernel has no openat2, which keeps links inside %s", path);
	return err_mend(err, "use Linux 5.6 or newer, or another web server");
}

static int fail_port(uint16_t port, int number, struct error *err)
{
	err_fail_errno(err, ERR_MISSING, number, "cannot listen on port %u of 127.0.0.1", port);
	return err_mend(err, "choose another with --port; --port 0 takes any that is free");
}

static int listen_on(struct server *server, uint16_t port, struct error *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return fail_port(port, errno, err);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, CONNECTIONS_MOST) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		int number = errno;

		close(fd);
		return fail_port(port, number, err);
	}
	server->port = ntohs(address.sin_port);
	return fd;
}

struct server *server_start(const struct server_options *options, struct error *err)
{
	cleanup_server struct server *server = xcalloc(1, sizeof(*server));
	int fd;

	server->folder = -1;
	server->log = options->log;
	server->context = options->context;
	if (microhttpd_load(err) < 0 || open_folder(server, options->folder, err) < 0)
		return NULL;
	fd = listen_on(server, options->port, err);
	if (fd < 0)
		return NULL;
	server->daemon = microhttpd.start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, answer, server,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MOST, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
	if (server->daemon)
		return steal(server);
	close(fd);
	err_fail(err, ERR_MISSING, "libmicrohttpd cannot start a server here");
	return NULL;
}

uint16_t server_port(const struct server *server)
{
	return server->port;
}

void server_free(struct server *server)
{
	if (server->daemon)
		microhttpd.stop_daemon(server->daemon);
	if (server->folder >= 0)
		close(server->folder);
	free(server);
}
