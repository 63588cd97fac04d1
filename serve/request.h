/* What a web client asks for, read out of its words. Hostile input: anybody may send it. */
#ifndef SERVE_REQUEST_H
#define SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the path of a URL (RFC 3986, without its query) to a path below the folder that is
 * served, in place: "/a%20b/" becomes "a b", "/" becomes ".". *folder says whether it ended with a
 * slash. Returns NULL for what cannot be a file of the folder: escapes that are none, NUL, an
 * empty or hidden part ("//", ".", "..", ".x"). */
char *request_path(char *url, bool *folder);

/* Some bytes of a file. */
struct request_range {
	uint64_t offset, length;
};

enum range_verdict {
	RANGE_ALL,	     /* there is none, or one that may be ignored: the whole file */
	RANGE_PART,	     /* what is in the struct */
	RANGE_UNSATISFIABLE, /* nothing of it is in the file */
};

/* Reads the header Range (RFC 9110, 14.2) for a file of `size` bytes; NULL: there was none. Several
 * ranges at once, and other units than bytes, are ignored, which the RFC allows. */
enum range_verdict request_range(const char *header, uint64_t size, struct request_range *range);

#endif
