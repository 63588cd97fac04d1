/* What verbs tell: data to stdout, words to stderr, both checked for errors. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "base/error.h"
#include "base/findings.h"

#include <jansson.h>
#include <stdbool.h>

/* A result document: {"type": "muenbuild.<type>", "version": 1}. Owned by the caller. */
json_t *report_new(const char *type);

/* A path or another text that may hold any bytes, as JSON, which holds UTF-8 only: what is no
 * printable text is shown as \xNN. */
json_t *report_any_text(const char *text);

/* The findings as an array of {"severity", "text", "mend"}. */
json_t *report_findings(const struct findings *findings);

/* Prints the document to stdout, indented, keys in the order in which they were set. Takes
 * ownership. Fails with ERR_IO. */
int report_print(json_t *report, struct error *err);

/* The same into a string owned by the caller (free). */
char *report_text(json_t *report);

/* Prints findings to stderr: "warning: TEXT" and its mend on a line of its own. */
void report_warn(const struct findings *findings);

/* Prints an error as main does: "muenbuild: MESSAGE" and "  mend: MEND", to stderr. */
void report_error(const struct error *err);

/* Flushes stdout and closes it; ERR_IO if anything that was printed did not arrive. */
int report_finish(struct error *err);

#endif
