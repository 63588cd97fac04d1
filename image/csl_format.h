/* The numbers of a command stream. Freestanding: the loader includes this, too.
 *
 * Source: Muen's CSL format description (csl.h of its boot loader modules).
 */
#ifndef IMAGE_CSL_FORMAT_H
#define IMAGE_CSL_FORMAT_H

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

#define CSL_FILL_LENGTH 24u
#define CSL_ENTRY_LENGTH 8u
#define CSL_CPUID_LENGTH 88u
#define CSL_CPUID_MESSAGE 24u /* offset of its text, 64 bytes */

#endif
