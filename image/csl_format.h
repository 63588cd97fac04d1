/* The numbers of a command stream. Freestanding: the loader includes this, too.
 *
 * Source: Muen's CSL format description (csl.h of its boot loader modules).
 */
#ifndef IMAGE_CSL_FORMAT_H
#define IMAGE_CSL_FORMAT_H

#include <stdint.h>

#define CSL_MAGIC 0x8adc5fa2448cb65eull
#define CSL_OLD_MAGIC 0x9ec6f414d638d232ull /* CHECK_VERSION of a revision without file magic */

enum csl_id {
	CSL_WRITE = 0,
	CSL_FILL = 1,
	CSL_SET_ENTRY_POINT = 2,
	CSL_CHECK_CPUID = 3,
	CSL_VENDOR_FIRST = 60000,
	CSL_VENDOR_LAST = 65535,
};

/* Who made a stream, as a vendor command that every loader skips: marks the stand-in kernel. */
#define CSL_STANDIN (CSL_VENDOR_FIRST + 0x1354u)

#define CSL_UNIT 8u	    /* everything in a stream has a multiple of this size */
#define CSL_HEAD_LENGTH 16u /* id and length of a command */
#define CSL_WRITE_LEAST 16u /* address and some contents */
#define CSL_FILL_LENGTH 24u
#define CSL_ENTRY_LENGTH 8u
#define CSL_CPUID_LENGTH 88u
#define CSL_CPUID_MESSAGE 24u /* offset of its text */
#define CSL_CPUID_TEXT 64u    /* bytes of it, padded with NUL */

/* Refuses to boot where (register & mask) != value. */
struct image_cpuid_check {
	uint32_t leaf, subleaf; /* EAX and ECX of CPUID */
	uint32_t value, mask;
	unsigned result;		  /* 0 EAX, 1 EBX, 2 ECX, 3 EDX */
	char message[CSL_CPUID_TEXT + 1]; /* NUL-terminated */
};

#endif
