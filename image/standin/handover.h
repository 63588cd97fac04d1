/* What the stand-in kernel is told about the subjects of its image: made by image/standin_image.c,
 * read by the kernel, which lies beside it in memory. Freestanding.
 *
 * Offsets count from the handover's begin. Texts end with a NUL; so does the handover itself, so
 * that no text can lead out of it.
 */
#ifndef IMAGE_STANDIN_HANDOVER_H
#define IMAGE_STANDIN_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

/* Where it lies, physical; everything of the subjects follows. The kernel itself is below. Not
 * lower: UEFI firmware keeps pages for itself around 8 MiB, some PCs have a hole at 15 MiB. */
#define STANDIN_HANDOVER 0x1000000ull
/* End of what an image may take: from 3 GiB on, PCs have devices. */
#define STANDIN_MEMORY_END 0xc0000000ull

#define STANDIN_MAGIC 0x6e69646e61747326ull /* "&standin" */
#define STANDIN_VERSION 1u

#define STANDIN_SUBJECTS_MAX 255u

enum standin_access {
	STANDIN_WRITABLE = 1,
	STANDIN_EXECUTABLE = 2,
};

/* For messages about faults. */
struct standin_region {
	uint64_t address; /* virtual */
	uint64_t size;	  /* bytes */
	uint32_t access;  /* enum standin_access */
	uint32_t name;	  /* offset of a text */
	uint32_t origin;  /* the same: where the region comes from, for people */
	uint32_t reserved;
};

struct standin_subject {
	uint64_t cr3;	      /* physical; the kernel adds itself to the upper half */
	uint64_t entry;	      /* RIP */
	uint64_t stack;	      /* RSP */
	uint64_t boot_info;   /* RDI */
	uint64_t log;	      /* the debug log channel, physical */
	uint64_t log_address; /* the same, virtual */
	uint64_t log_size;    /* bytes */
	uint64_t schedule;    /* the scheduling info page, physical */
	uint64_t time_info;   /* the time info page, physical */
	int64_t exit_event;   /* RAX of the VMCALL at its end, or -1 */
	uint32_t name;	      /* offset of a text */
	uint32_t regions;     /* offset of struct standin_region[], ascending by address */
	uint32_t region_count;
	uint32_t reserved;
};

struct standin_handover {
	uint64_t magic;
	uint32_t version;
	uint32_t size;	   /* bytes of all of it */
	uint32_t subjects; /* offset of struct standin_subject[] */
	uint32_t subject_count;
};

/* Whether everything that it refers to lies inside of it, and every subject's pages where an
 * image may lie. If not, *what is the reason. */
bool standin_handover_check(const struct standin_handover *handover, const char **what);

static inline const struct standin_subject *
standin_subjects(const struct standin_handover *handover)
{
	return (const void *)((const unsigned char *)handover + handover->subjects);
}

static inline const struct standin_region *standin_regions(const struct standin_handover *handover,
							   const struct standin_subject *subject)
{
	return (const void *)((const unsigned char *)handover + subject->regions);
}

static inline const char *standin_text(const struct standin_handover *handover, uint32_t offset)
{
	return (const char *)handover + offset;
}

#endif
