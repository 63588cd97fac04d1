/* Where the subjects of a stand-in image lie in physical memory, and what its kernel is told of
 * that. Inside image.
 */
#ifndef IMAGE_STANDIN_LAYOUT_H
#define IMAGE_STANDIN_LAYOUT_H

#include "image/standin/handover.h"
#include "image/standin_image.h"

struct standin_place {
	uint64_t *physical; /* of each region */
	bool *shared;	    /* whether an earlier subject has that memory, too */
	uint64_t tables;    /* of the page tables: CR3 */
	uint64_t tables_size;
};

struct standin_layout {
	const struct standin_guest *guests;
	struct standin_place *places;
	size_t count;
	uint64_t handover_size; /* bytes; it lies at STANDIN_HANDOVER */
	uint64_t end;
};

/* Fails with ERR_INPUT. */
int standin_layout_make(struct standin_layout *layout, const struct standin_guest *guests,
			size_t count, struct error *err);
void standin_layout_free(struct standin_layout *layout);
#define cleanup_standin_layout cleanup_with(standin_layout_free)

/* The subject's page tables, to tables_size zeroed bytes. */
void standin_layout_tables(const struct standin_layout *layout, size_t guest,
			   unsigned char *tables);

/* standin_handover.c: its size for these guests; and the handover itself, to so
 * many zeroed bytes. */
uint64_t standin_handover_size(const struct standin_guest *guests, size_t count);
void standin_handover_write(const struct standin_layout *layout, struct standin_handover *handover);

#endif
