#include "sign/ipxe/served.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "iso/memdisk.h"

#include <string.h>

enum {
	BZIMAGE_MAGIC_OFFSET = 0x202, /* "HdrS": the Linux boot protocol, which memdisk follows */
	PE_OFFSET_OFFSET = 0x3c,      /* where a PE file says where its header is */
	PE_OFFSET_MOST = 0x1000,
	CERTIFICATES_MAX = 1 << 20,
	SIGNATURE_MAX = 1 << 20, /* they have a few thousand bytes */
};

static int fail_kind(const char *path, const char *what, const char *mend, struct error *err)
{
	err_fail(err, ERR_INPUT, "%s: is not %s (iPXE: \"Exec format error\", 2e008081)", path,
		 what);
	return err_mend(err, "%s", mend);
}

/* Reads `length` bytes; a file that does not have them is of another kind: *there is false. */
static int peek(const char *path, uint64_t offset, void *bytes, size_t length, bool *there,
		struct error *err)
{
	uint64_t size = 0;
	cleanup_close int fd = file_open(path, INT64_MAX, &size, err);

	if (fd < 0)
		return -1;
	*there = size >= length && offset <= size - length;
	return *there ? file_pread(fd, path, bytes, length, offset, err) : 0;
}

int ipxe_memdisk_check(const char *path, struct error *err)
{
	unsigned char magic[4];
	bool there;

	if (peek(path, BZIMAGE_MAGIC_OFFSET, magic, sizeof(magic), &there, err) < 0)
		return -1;
	if (there && !memcmp(magic, "HdrS", 4))
		return 0;
	return fail_kind(path, "memdisk", "take /usr/lib/syslinux/memdisk of syslinux-common", err);
}

static int check_efi(const char *path, struct error *err)
{
	static const char mend[] = "make it with grub-mkstandalone -O x86_64-efi";
	unsigned char head[PE_OFFSET_OFFSET + 4], magic[4];
	uint32_t offset;
	bool there;

	if (peek(path, 0, head, sizeof(head), &there, err) < 0)
		return -1;
	if (!there || memcmp(head, "MZ", 2))
		return fail_kind(path, "an EFI program", mend, err);
	offset = get_le32(head + PE_OFFSET_OFFSET);
	if (offset > PE_OFFSET_MOST)
		return fail_kind(path, "an EFI program", mend, err);
	if (peek(path, offset, magic, sizeof(magic), &there, err) < 0)
		return -1;
	if (there && !memcmp(magic, "PE\0\0", 4))
		return 0;
	return fail_kind(path, "an EFI program", mend, err);
}

static int check_script(const char *path, struct error *err)
{
	char magic[7];
	bool there;

	if (peek(path, 0, magic, sizeof(magic), &there, err) < 0)
		return -1;
	if (there && (!memcmp(magic, "#!ipxe\n", 7) || !memcmp(magic, "#!ipxe\r", 7)))
		return 0;
	return fail_kind(path, "a script for iPXE: it does not begin with #!ipxe",
			 "write it with muenbuild ipxe", err);
}

static int check_signature(const char *path, struct error *err)
{
	cleanup_free char *signature = xasprintf("%s.sig", path);
	uint64_t size = 0;
	cleanup_close int fd = file_open(signature, SIGNATURE_MAX, &size, err);

	if (fd >= 0)
		return 0;
	if (err->kind == ERR_NO_INPUT)
		err_mend(err, "sign it: muenbuild sign %s", path);
	return -1;
}

static int check_file(const struct ipxe_file *file, const char *path, uint64_t target_ram,
		      struct findings *findings, struct error *err)
{
	switch (file->kind) {
	case IPXE_FILE_MEMDISK:
		return ipxe_memdisk_check(path, err);
	case IPXE_FILE_ISO:
		return memdisk_require(path, target_ram, findings, err);
	case IPXE_FILE_EFI:
		return check_efi(path, err);
	case IPXE_FILE_SCRIPT:
		return check_script(path, err);
	}
	return 0;
}

int ipxe_served_check(const struct ipxe_script *script, const char *folder, uint64_t target_ram,
		      struct findings *findings, struct error *err)
{
	struct ipxe_file files[IPXE_FILES_MAX];
	size_t count = ipxe_script_files(script, files);

	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = xasprintf("%s/%s", folder, files[i].name);

		if (check_file(&files[i], path, target_ram, findings, err) < 0 ||
		    check_signature(path, err) < 0)
			return -1;
	}
	return 0;
}

int ipxe_certificate_check(const char *path, bool pinned, struct findings *findings,
			   struct error *err)
{
	static const char mark[] = "-----BEGIN CERTIFICATE-----";
	cleanup_bytes struct bytes bytes = { 0 };
	size_t count = 0;

	if (file_read(path, CERTIFICATES_MAX, 0, &bytes, err) < 0)
		return -1;
	for (const unsigned char *at = bytes.data;
	     (at = memmem(at, bytes.size - (size_t)(at - bytes.data), mark, sizeof(mark) - 1));
	     at += sizeof(mark) - 1)
		count++;
	if (!count) {
		err_fail(
			err, ERR_INPUT,
			"%s: has no certificate in PEM; iPXE's build would silently put nothing in",
			path);
		return err_mend(err, "convert it: openssl x509 -inform DER -in %s -out NAME.pem",
				path);
	}
	if (pinned && count > 1)
		findings_add(findings, FINDING_WARNING, "name a file with the root alone",
			     "%s: has %zu certificates; TRUST= pins only the first of them", path,
			     count);
	return 0;
}
