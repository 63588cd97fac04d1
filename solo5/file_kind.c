#include "solo5/file_kind.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

struct file_kind {
	size_t offset;
	size_t length;
	const char *magic;
	const char *what;
	const char *mend;
};

#define MAGIC(offset, text) (offset), sizeof(text) - 1, (text)

#define NAME_THE_UNIKERNEL                                                                         \
	"name the unikernel itself: for MirageOS, dist/NAME.muen as `make` leaves it"
#define UNPACK "unpack it first and name the unikernel inside"

/* More specific ones before the general ones: the first that fits is told. */
static const struct file_kind kinds[] = {
	{ MAGIC(0, "\x1f\x8b"), "gzip-compressed data", "decompress it first: gunzip FILE" },
	{ MAGIC(0, "\xfd"
		   "7zXZ\0"),
	  "xz-compressed data", "decompress it first: unxz FILE" },
	{ MAGIC(0, "\x28\xb5\x2f\xfd"), "zstd-compressed data",
	  "decompress it first: unzstd FILE" },
	{ MAGIC(0, "BZh"), "bzip2-compressed data", "decompress it first: bunzip2 FILE" },
	{ MAGIC(0, "\x04\x22\x4d\x18"), "lz4-compressed data", "decompress it first: unlz4 FILE" },
	{ MAGIC(0, "LZIP"), "lzip-compressed data", "decompress it first: lzip -d FILE" },
	{ MAGIC(0, "\x1f\x9d"), "data packed with compress",
	  "decompress it first: uncompress FILE" },
	{ MAGIC(0, "7z\xbc\xaf\x27\x1c"), "a 7-Zip archive", UNPACK },
	{ MAGIC(0, "PK\3\4"), "a ZIP archive", UNPACK },
	{ MAGIC(257, "ustar"), "a tar archive", UNPACK },
	{ MAGIC(0, "!<arch>\n"), "an ar archive (a static library or a Debian package)",
	  NAME_THE_UNIKERNEL },
	{ MAGIC(514, "HdrS"), "a Linux kernel image (bzImage)", NAME_THE_UNIKERNEL },
	{ MAGIC(0, "MZ"), "a PE file (an EFI or Windows program)", NAME_THE_UNIKERNEL },
	{ MAGIC(0, "\xcf\xfa\xed\xfe"), "a Mach-O file (a macOS program)",
	  "build the unikernel for Solo5: mirage configure -t muen" },
	{ MAGIC(0, "\xca\xfe\xba\xbe"), "a universal Mach-O file or a Java class",
	  "build the unikernel for Solo5: mirage configure -t muen" },
	{ MAGIC(0, "\0asm"), "a WebAssembly module",
	  "build the unikernel for Solo5: mirage configure -t muen" },
	{ MAGIC(0, "BC\xc0\xde"), "LLVM bitcode", "link it to an executable first" },
	{ MAGIC(32769, "CD001"), "an ISO 9660 image",
	  "name the unikernel that the image was made from" },
	{ MAGIC(0, "QFI\xfb"), "a QEMU disk image (qcow2)", NAME_THE_UNIKERNEL },
	{ MAGIC(0, "\x5e\xb6\x8c\x44\xa2\x5f\xdc\x8a"), "a Muen system image (CSL)",
	  "name the unikernel that the image was made from" },
	{ MAGIC(16, "\x32\xd2\x38\xd6\x14\xf4\xc6\x9e"),
	  "a Muen system image of an older revision (CSL)",
	  "name the unikernel that the image was made from" },
	{ MAGIC(0, "\x98\x95\x01\xe6"), "a signed Muen system image (SBS)",
	  "name the unikernel that the image was made from" },
	{ MAGIC(0, "#!"), "a script", NAME_THE_UNIKERNEL },
	{ MAGIC(0, "<?xml"), "an XML document",
	  "name the unikernel itself, not its component specification" },
	{ MAGIC(0, "-----BEGIN "), "PEM text (a key, a certificate or a signature)",
	  NAME_THE_UNIKERNEL },
	{ MAGIC(0, "version https://git-lfs"), "a Git LFS pointer, not the file that it stands for",
	  "fetch the file itself: git lfs pull" },
};

static const struct file_kind *find_kind(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct file_kind *kind = &kinds[i];

		if (size >= kind->offset + kind->length &&
		    !memcmp(bytes + kind->offset, kind->magic, kind->length))
			return kind;
	}
	return NULL;
}

#define SAMPLE 512 /* bytes that are looked at to tell text from binary data */

static bool looks_like_text(const unsigned char *bytes, size_t size)
{
	size_t length = size < SAMPLE ? size : SAMPLE;
	/* The sample may end within a character of up to four bytes. */
	size_t least = size > SAMPLE ? length - 3 : length;

	for (size_t i = 0; i < length; i++) {
		bool blank = bytes[i] >= '\t' && bytes[i] <= '\r';

		if ((bytes[i] < 0x20 && !blank) || bytes[i] == 0x7f)
			return false;
	}
	while (length > least && !text_is_utf8((const char *)bytes, length))
		length--;
	return text_is_utf8((const char *)bytes, length);
}

static bool only_zeroes(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size && i < SAMPLE; i++)
		if (bytes[i])
			return false;
	return true;
}

static int fail_text(const unsigned char *bytes, size_t size, struct error *err)
{
	char shown[64];
	size_t line = 0;

	while (line < size && line < sizeof(shown) && bytes[line] != '\n' && bytes[line] != '\r')
		line++;
	text_printable((const char *)bytes, line, shown, sizeof(shown));
	err_fail(err, ERR_INPUT, "is text that begins with \"%s\", a 64-bit ELF file was expected",
		 shown);
	return err_mend(err, NAME_THE_UNIKERNEL);
}

int file_kind_fail(const unsigned char *bytes, size_t size, struct error *err)
{
	const struct file_kind *kind = find_kind(bytes, size);
	unsigned char first[4] = { 0 };

	if (!size) {
		err_fail(err, ERR_INPUT, "is an empty file, a 64-bit ELF file was expected");
		return err_mend(err, "build or copy the unikernel again");
	}
	if (kind) {
		err_fail(err, ERR_INPUT, "is %s, a 64-bit ELF file was expected", kind->what);
		return err_mend(err, "%s", kind->mend);
	}
	if (only_zeroes(bytes, size)) {
		err_fail(err, ERR_INPUT, "begins with zero bytes, a 64-bit ELF file was expected");
		return err_mend(err,
				"it was probably not written completely: build or copy it again");
	}
	if (looks_like_text(bytes, size))
		return fail_text(bytes, size, err);
	memcpy(first, bytes, size < sizeof(first) ? size : sizeof(first));
	err_fail(err, ERR_INPUT,
		 "is no ELF file: it begins with the bytes %02x %02x %02x %02x, "
		 "7f 45 4c 46 (\"\\x7fELF\") were expected",
		 first[0], first[1], first[2], first[3]);
	return err_mend(err, NAME_THE_UNIKERNEL);
}
