/* The page that shows what a folder holds. */
#ifndef SERVE_LISTING_H
#define SERVE_LISTING_H

#include "base/buffer.h"

/* Appends the page for the open folder `fd`, called `title`: its files and folders without the
 * hidden ones, by name, with their sizes. Takes the descriptor. Returns -1, errno set, if the
 * folder cannot be read. */
int listing_write(int fd, const char *title, struct buffer *page);

#endif
