#include "iso/esp.h"

#include "base/child.h"
#include "base/memory_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	FAT_SECTOR = 512,
	CD_SECTOR = 2048,
	CLUSTERS_MAX = 4000, /* a FAT of 12 bits has room for 4084 */
	RESERVED = 32,	     /* sectors: the boot sector, two FATs of at most 12, the root folder */
	OEM_NAME = 3,	     /* where the boot sector says who made it: no version of a tool */
	PROGRAM_MAX = 64 << 20,
};

#define FAT_EPOCH 315532800u	  /* 1980-01-01 */
#define FAT_LAST_DATE 4354819198u /* 2107-12-31 23:59:58 */

struct geometry {
	unsigned int cluster; /* sectors */
	unsigned int sectors;
};

/* The smallest that fits: the program's clusters, those of two folders and one to spare. */
static struct geometry plan(size_t size)
{
	struct geometry geometry = { .cluster = CD_SECTOR / FAT_SECTOR };
	size_t clusters;

	do {
		size_t bytes = (size_t)geometry.cluster * FAT_SECTOR;

		clusters = (size + bytes - 1) / bytes + 3;
		if (clusters <= CLUSTERS_MAX)
			break;
		geometry.cluster *= 2;
	} while (1);
	geometry.sectors = RESERVED + (unsigned int)clusters * geometry.cluster;
	return geometry;
}

struct making {
	int image, program;
	uint64_t time;
};

static int run_mtool(const struct making *making, const char *const *words, struct error *err)
{
	const int descriptors[] = { making->image, making->program };

	return child_run(&(struct child){ .words = words,
					  .package = "mtools",
					  .descriptors = descriptors,
					  .descriptor_count = 2,
					  .time = making->time },
			 err);
}

static int fill(const struct making *making, const struct geometry *geometry, uint32_t serial,
		struct error *err)
{
	char image[MEMORY_FILE_PATH], program[MEMORY_FILE_PATH];
	char sectors[16], cluster[16], number[16];
	const char *const format[] = { "mformat", "-i", image,	"-T", sectors, "-h",
				       "1",	  "-s", "1",	"-c", cluster, "-r",
				       "4",	  "-N", number, "::", NULL };
	const char *const folders[] = { "mmd", "-i", image, "::EFI", "::EFI/BOOT", NULL };
	const char *const copy[] = { "mcopy", "-m", "-i", image, program, "::EFI/BOOT/BOOTX64.EFI",
				     NULL };

	memory_file_path(making->image, image);
	memory_file_path(making->program, program);
	snprintf(sectors, sizeof(sectors), "%u", geometry->sectors);
	snprintf(cluster, sizeof(cluster), "%u", geometry->cluster);
	snprintf(number, sizeof(number), "%08x", serial);
	if (run_mtool(making, format, err) < 0 || run_mtool(making, folders, err) < 0)
		return -1;
	return run_mtool(making, copy, err);
}

int esp_make(const struct bytes *program, uint32_t serial, uint64_t time, struct bytes *image,
	     struct error *err)
{
	uint64_t date = time < FAT_EPOCH ? FAT_EPOCH : time > FAT_LAST_DATE ? FAT_LAST_DATE : time;
	struct geometry geometry = plan(program->size);
	cleanup_close int image_fd = -1;
	cleanup_close int program_fd = -1;
	struct making making = { .time = date };

	if (program->size > PROGRAM_MAX)
		return err_fail(err, ERR_INPUT, "the EFI program has %zu bytes, at most %d fit",
				program->size, PROGRAM_MAX);
	image_fd = memory_file(NULL, (size_t)geometry.sectors * FAT_SECTOR, date, err);
	if (image_fd < 0)
		return -1;
	program_fd = memory_file(program->data, program->size, date, err);
	if (program_fd < 0)
		return -1;
	making.image = image_fd;
	making.program = program_fd;
	if (fill(&making, &geometry, serial, err) < 0 || memory_file_read(image_fd, image, err) < 0)
		return -1;
	memcpy(image->data + OEM_NAME, "MSWIN4.1", 8);
	return 0;
}
