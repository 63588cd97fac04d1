#include "iso/reader.h"

#include "base/file.h"

int iso_reader_open(struct iso_reader *reader, const char *path, struct error *err)
{
	reader->path = path;
	reader->size = 0;
	reader->fd = file_open(path, INT64_MAX, &reader->size, err);
	return reader->fd < 0 ? -1 : 0;
}

bool iso_inside(const struct iso_reader *reader, uint64_t offset, uint64_t length)
{
	return length <= reader->size && offset <= reader->size - length;
}

int iso_read(const struct iso_reader *reader, uint64_t offset, void *bytes, size_t length,
	     struct error *err)
{
	return file_pread(reader->fd, reader->path, bytes, length, offset, err);
}

int iso_read_sector(const struct iso_reader *reader, uint32_t sector,
		    unsigned char bytes[static ISO_SECTOR], struct error *err)
{
	uint64_t offset = (uint64_t)sector * ISO_SECTOR;

	if (!iso_inside(reader, offset, ISO_SECTOR))
		return 0;
	return iso_read(reader, offset, bytes, ISO_SECTOR, err) < 0 ? -1 : 1;
}
