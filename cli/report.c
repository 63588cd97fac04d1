#include "cli/report.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON_LAYOUT (JSON_INDENT(2) | JSON_ENSURE_ASCII)

json_t *report_new(const char *type)
{
	cleanup_free char *full = xasprintf("muenbuild.%s", type);

	return json_pack("{s:s, s:i}", "type", full, "version", 1);
}

json_t *report_any_text(const char *text)
{
	size_t length = strlen(text), size = 4 * length + 8;
	cleanup_free char *shown = xcalloc(size, 1);

	return json_string(text_printable(text, length, shown, size));
}

json_t *report_findings(const struct findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		json_array_append_new(array, json_pack("{s:s, s:o, s:o}", "severity",
						       severity_name(finding->severity), "text",
						       report_any_text(finding->text), "mend",
						       report_any_text(finding->mend)));
	}
	return array;
}

char *report_text(json_t *report)
{
	cleanup_free char *text = json_dumps(report, JSON_LAYOUT);

	return xasprintf("%s\n", text ? text : "{}");
}

int report_print(json_t *report, struct error *err)
{
	cleanup_free char *text = report_text(report);

	json_decref(report);
	if (fputs(text, stdout) == EOF)
		return err_fail_errno(err, ERR_IO, errno, "stdout: cannot write the report");
	return 0;
}

/* Whether words may be coloured there: a terminal, and NO_COLOR unset or empty. */
static bool takes_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR");

	return (!no_colour || !*no_colour) && isatty(fd);
}

/* A word of the given colour (an SGR parameter), plain where colour is not wanted. */
static void print_word(FILE *stream, const char *colour, const char *word)
{
	if (takes_colour(fileno(stream)))
		fprintf(stream, "\033[%sm%s\033[0m", colour, word);
	else
		fputs(word, stream);
}

void report_warn(const struct findings *findings)
{
	static const char *const colours[] = { "36", "33", "31" };

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		print_word(stderr, colours[finding->severity], severity_name(finding->severity));
		fprintf(stderr, ": %s\n", finding->text);
		if (*finding->mend)
			fprintf(stderr, "  mend: %s\n", finding->mend);
	}
}

void report_error(const struct error *err)
{
	fflush(stdout);
	print_word(stderr, "31", "muenbuild");
	fprintf(stderr, ": %s\n", err->message);
	if (*err->mend)
		fprintf(stderr, "  mend: %s\n", err->mend);
}

int report_finish(struct error *err)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == EOF || failed) {
		int number = errno;

		err_fail_errno(err, ERR_IO, number ? number : EIO,
			       "stdout: not everything could be written");
		if (number == ENOSPC)
			err_mend(err, "free some space where the output goes");
		return -1;
	}
	return 0;
}
