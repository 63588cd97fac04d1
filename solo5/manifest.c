/* Solo5's manifest: the payload of the note MFT1 (struct mft of Solo5's mft_abi.h). */
#include "solo5/internal.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define MANIFEST_VERSION 1
#define ENTRIES_MAX (SOLO5_DEVICES_MAX + 1)
#define RESERVED_FIRST 0x40000000u

#define MEND_MANIFEST                                                                              \
	"the manifest is damaged: build the unikernel again, with the manifest that "              \
	"solo5-elftool makes"

/* An entry as it lies in the file. The fields behind the type are for tenders to fill in:
 * only `attached` is looked at. */
struct entry {
	char name[SOLO5_NAME_MAX + 1];
	uint32_t type;
	unsigned char filled_in[24];
	uint8_t attached;
	unsigned char padding[7];
};
_Static_assert(sizeof(struct entry) == 104, "the size of Solo5's struct mft_entry");

struct header {
	uint32_t version;
	uint32_t entries;
};

static int check_header(const struct header *header, size_t size, struct error *err)
{
	size_t expected = sizeof(*header) + header->entries * sizeof(struct entry);

	if (header->version != MANIFEST_VERSION) {
		err_fail(err, ERR_INPUT, "the manifest has version %u, version %u was expected",
			 header->version, MANIFEST_VERSION);
		return err_mend(err,
				"build the unikernel with a Solo5 release up to 0.12, or use a "
				"newer release of this program");
	}
	if (header->entries < 1 || header->entries > ENTRIES_MAX) {
		err_fail(err, ERR_INPUT,
			 "the manifest has %u entries, 1 to %u (the reserved first one and up to "
			 "%u devices) are possible",
			 header->entries, ENTRIES_MAX, SOLO5_DEVICES_MAX);
		return err_mend(err, MEND_MANIFEST);
	}
	if (size != expected) {
		err_fail(err, ERR_INPUT,
			 "the manifest has %zu bytes, %zu were expected for its %u entries", size,
			 expected, header->entries);
		return err_mend(err, MEND_MANIFEST);
	}
	return 0;
}

static int check_first(const struct entry *entry, struct error *err)
{
	if (entry->type != RESERVED_FIRST) {
		err_fail(err, ERR_INPUT,
			 "the manifest's first entry has type %#x, %#x (reserved) was expected",
			 entry->type, RESERVED_FIRST);
		return err_mend(err, MEND_MANIFEST);
	}
	if (entry->name[0]) {
		err_fail(err, ERR_INPUT,
			 "the manifest's first entry, which is reserved, has a name");
		return err_mend(err, MEND_MANIFEST);
	}
	return 0;
}

/* isalnum() would depend on the locale. */
static bool is_name_character(char character)
{
	return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
	       (character >= 'a' && character <= 'z');
}

static int check_entry(const struct entry *entry, unsigned handle, struct error *err)
{
	char shown[80];
	size_t length = strnlen(entry->name, sizeof(entry->name));

	if (length == sizeof(entry->name)) {
		err_fail(err, ERR_INPUT,
			 "manifest entry %u: its name is not ended by NUL within %zu bytes", handle,
			 sizeof(entry->name));
		return err_mend(err, MEND_MANIFEST);
	}
	if (entry->attached) {
		err_fail(err, ERR_INPUT,
			 "manifest entry %u is marked as attached (%u), 0 was expected", handle,
			 entry->attached);
		return err_mend(err, MEND_MANIFEST);
	}
	if (handle == 0)
		return check_first(entry, err);
	if (!length) {
		err_fail(err, ERR_INPUT, "manifest entry %u: the device has an empty name", handle);
		return err_mend(err, MEND_MANIFEST);
	}
	for (size_t i = 0; i < length; i++) {
		if (is_name_character(entry->name[i]))
			continue;
		text_printable(entry->name, length, shown, sizeof(shown));
		err_fail(err, ERR_INPUT,
			 "manifest entry %u: the device name '%s' has other characters than "
			 "letters A-Z, a-z and digits",
			 handle, shown);
		return err_mend(err, "rename the device in the unikernel's configuration");
	}
	return 0;
}

static int check_unique(const struct unikernel *unikernel, const struct solo5_device *device,
			struct error *err)
{
	for (size_t i = 0; i < unikernel->device_count; i++) {
		if (strcmp(unikernel->devices[i].name, device->name) != 0)
			continue;
		err_fail(err, ERR_INPUT, "manifest entries %u and %u are both called '%s'",
			 unikernel->devices[i].handle, device->handle, device->name);
		return err_mend(err, "give each device of the unikernel a name of its own");
	}
	return 0;
}

int manifest_parse(struct unikernel *unikernel, const struct note *note, struct error *err)
{
	struct header header;

	memcpy(&header, note->payload, sizeof(header));
	if (check_header(&header, note->size, err) < 0)
		return -1;
	for (unsigned handle = 0; handle < header.entries; handle++) {
		struct solo5_device *device;
		struct entry entry;

		memcpy(&entry, note->payload + sizeof(header) + handle * sizeof(entry),
		       sizeof(entry));
		if (check_entry(&entry, handle, err) < 0)
			return -1;
		if (handle == 0)
			continue;
		device = &unikernel->devices[unikernel->device_count];
		snprintf(device->name, sizeof(device->name), "%s", entry.name);
		device->type = entry.type;
		device->handle = handle;
		if (check_unique(unikernel, device, err) < 0)
			return -1;
		unikernel->device_count++;
	}
	return 0;
}
