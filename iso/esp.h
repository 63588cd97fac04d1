/* The EFI system partition: a small FAT file system with the one file that UEFI firmware looks
 * for. Made with mtools. */
#ifndef ISO_ESP_H
#define ISO_ESP_H

#include "base/error.h"
#include "base/file.h"

#include <stdint.h>

/* `program` becomes EFI/BOOT/BOOTX64.EFI; `serial` the volume's serial number; `time` the date of
 * everything, in seconds since 1970 (FAT begins in 1980, and so do its dates). Fails with
 * ERR_MISSING (mtools) or ERR_INPUT (larger than 64 MiB). */
int esp_make(const struct bytes *program, uint32_t serial, uint64_t time, struct bytes *image,
	     struct error *err);

#endif
