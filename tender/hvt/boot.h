/* The parts of an hvt guest's memory that the tender writes: below HVT_IMAGE. */
#ifndef TENDER_HVT_BOOT_H
#define TENDER_HVT_BOOT_H

#include "tender/hvt/load.h"

/* A run of guest memory with one permission; a complete list covers memory without gaps. */
struct hvt_range {
	uint64_t start, end; /* page aligned */
	enum {
		HVT_RANGE_NONE,	   /* not present */
		HVT_RANGE_READ,	   /* present, read-only, not executable */
		HVT_RANGE_WRITE,   /* writable, not executable */
		HVT_RANGE_EXECUTE, /* read-only, executable */
	} permission;
};

/* Writes the page tables for ranges[0..count), ascending and covering [HVT_IMAGE,
 * ram->size); what is below HVT_IMAGE is added. Fails with ERR_INPUT if the permissions change
 * so often that the tables do not fit. */
int hvt_write_page_tables(struct guest_ram *ram, const struct hvt_range *ranges, size_t count,
			  struct error *err);

void hvt_write_gdt(struct guest_ram *ram);

/* Boot info, manifest and command line. */
void hvt_write_boot_info(struct hvt_image *image, const struct hvt_setup *setup);

#endif
