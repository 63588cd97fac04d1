#include "sign/keys/passphrase.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/ui.h>
#include <string.h>
#include <sys/stat.h>

DEFINE_CLEANUP(UI *, UI_free)

static const char other_sources[] =
	"give it with --passphrase-file, --passphrase-fd or --passphrase-env";

void warn_if_exposed(const char *path, const char *what, struct findings *findings)
{
	struct stat status;
	cleanup_free char *mend = NULL;

	if (stat(path, &status) < 0 || !(status.st_mode & 077))
		return;
	mend = xasprintf("chmod 600 %s", path);
	findings_add(findings, FINDING_WARNING, mend,
		     "%s: %s is open to others than its owner (mode %04o)", path, what,
		     (unsigned int)(status.st_mode & 07777));
}

/* ---- the sources --------------------------------------------------------------- */

/* One byte at a time: what follows the line belongs to someone else. */
static int read_line(int fd, const char *what, char *line, size_t size, struct error *err)
{
	size_t length = 0;

	while (length + 1 < size) {
		ssize_t count = read(fd, line + length, 1);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot read", what);
		if (count == 0 || line[length] == '\n')
			break;
		length++;
	}
	line[length] = '\0';
	if (length && line[length - 1] == '\r')
		line[length - 1] = '\0';
	return 0;
}

static int from_file(const char *path, char *line, size_t size, struct findings *findings,
		     struct error *err)
{
	cleanup_close int fd = -1;
	struct stat status;

	/* A named pipe or /dev/fd/N is as good a place for a passphrase as a file. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot open passphrase file",
				      path);
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		warn_if_exposed(path, "the passphrase file", findings);
	return read_line(fd, path, line, size, err);
}

static int from_descriptor(int fd, char *line, size_t size, struct error *err)
{
	cleanup_free char *what = xasprintf("descriptor %d", fd);

	if (read_line(fd, what, line, size, err) < 0)
		return err_mend(err, "open it in the shell that calls: %d<FILE", fd);
	return 0;
}

static int from_environment(const char *variable, char *line, size_t size, struct error *err)
{
	const char *value = getenv(variable);

	if (!value)
		return err_fail(err, ERR_USAGE,
				"the environment variable %s, which --passphrase-env names, is "
				"not set",
				variable);
	snprintf(line, size, "%s", value); /* cut, it is refused below for its length */
	return 0;
}

static int from_terminal(const char *what, bool confirm, char *line, size_t size, struct error *err)
{
	cleanup_with(UI_freep) UI *ui = NULL;
	cleanup_free char *prompt = xasprintf("Passphrase for %s: ", what);
	cleanup_free char *again = xasprintf("The same again: ");
	cleanup_free char *second = xcalloc(1, size);
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	int result;

	if (tty < 0) {
		err_fail(err, ERR_USAGE,
			 "%s needs a passphrase, and there is no terminal to ask for it", what);
		return err_mend(err, "%s", other_sources);
	}
	close(tty);
	ui = UI_new_method(UI_OpenSSL());
	if (!ui || UI_add_input_string(ui, prompt, 0, line, 0, (int)size - 1) < 0 ||
	    (confirm && UI_add_verify_string(ui, again, 0, second, 0, (int)size - 1, line) < 0))
		return err_fail(err, ERR_INTERNAL, "OpenSSL cannot prepare a prompt");
	result = UI_process(ui);
	OPENSSL_cleanse(second, size);
	if (result == -2)
		return err_fail(err, ERR_REFUSED,
				"the passphrase for %s was not given: "
				"interrupted",
				what);
	if (result < 0) {
		err_fail(err, ERR_USAGE, "no passphrase for %s could be read from the terminal%s",
			 what, confirm ? ", or the two did not agree" : "");
		return err_mend(err, "try again, or %s", other_sources);
	}
	return 0;
}

/* ---- all of them ----------------------------------------------------------------- */

static int check_length(size_t length, const char *what, bool confirm, struct error *err)
{
	if (length > PASSPHRASE_LONGEST)
		return err_fail(err, ERR_USAGE,
				"the passphrase for %s is longer than %d bytes, which OpenSSL "
				"does not take",
				what, PASSPHRASE_LONGEST);
	if (!length)
		return err_fail(err, ERR_USAGE, "the passphrase for %s is empty", what);
	if (confirm && length < PASSPHRASE_LEAST)
		return err_fail(err, ERR_USAGE,
				"the passphrase for %s has %zu bytes, at least %d are needed", what,
				length, PASSPHRASE_LEAST);
	return 0;
}

const char *passphrase_get(struct passphrase *passphrase, const char *what, bool confirm,
			   struct findings *findings, struct error *err)
{
	char line[PASSPHRASE_LONGEST + 2];
	int result = 0;

	if (passphrase->text)
		return passphrase->text;
	memset(line, 0, sizeof(line));
	switch (passphrase->source) {
	case PASSPHRASE_TERMINAL:
		result = from_terminal(what, confirm, line, sizeof(line), err);
		break;
	case PASSPHRASE_FILE:
		result = from_file(passphrase->name, line, sizeof(line), findings, err);
		break;
	case PASSPHRASE_FD:
		result = from_descriptor(passphrase->fd, line, sizeof(line), err);
		break;
	case PASSPHRASE_ENV:
		result = from_environment(passphrase->name, line, sizeof(line), err);
		break;
	}
	if (result == 0 && check_length(strlen(line), what, confirm, err) == 0) {
		passphrase->length = strlen(line);
		passphrase->text = xstrdup(line);
	}
	OPENSSL_cleanse(line, sizeof(line));
	return passphrase->text;
}

void passphrase_free(struct passphrase *passphrase)
{
	if (passphrase->text)
		OPENSSL_cleanse(passphrase->text, passphrase->length);
	free(passphrase->text);
	passphrase->text = NULL;
	passphrase->length = 0;
}
