#include "tests/unit/conversion.h"

#include "base/alloc.h"
#include "tests/unit/support.h"

#include <string.h>

struct conversion conversion_of(uint32_t target)
{
	return (struct conversion){ .spec = elf_spec_of(target),
				    .options = { .file = "test.muen",
						 .bootparams = "",
						 .ram = 512ull << 20,
						 .channel_size = 1 << 20,
						 .log_channel_size = 0x20000 } };
}

void conversion_build(struct conversion *conversion)
{
	conversion->image = elf_build(&conversion->spec);
}

void conversion_rename(struct conversion *conversion, unsigned section, const char *name)
{
	struct elf_image *image = &conversion->image;
	Elf64_Shdr *table = elf_image_section(image, SH_SHSTRTAB);
	size_t offset = table->sh_offset, size = table->sh_size, length = strlen(name) + 1;
	unsigned char *bytes = xrealloc(image->bytes, image->size + size + length, 1);

	memcpy(bytes + image->size, bytes + offset, size);
	memcpy(bytes + image->size + size, name, length);
	image->bytes = bytes;
	table = elf_image_section(image, SH_SHSTRTAB);
	table->sh_offset = image->section_names = image->size;
	table->sh_size = size + length;
	elf_image_section(image, section)->sh_name = (uint32_t)size;
	image->size += size + length;
}

const struct component *conversion_run(struct conversion *conversion)
{
	if (!conversion->image.bytes)
		conversion_build(conversion);
	conversion->bytes =
		(struct bytes){ steal(conversion->image.bytes), conversion->image.size, 0 };
	ck_assert_msg(unikernel_parse(&conversion->unikernel, conversion->bytes.data,
				      conversion->bytes.size, &conversion->err) == 0,
		      "%s", conversion->err.message);
	conversion->component = gencspec_convert(&conversion->unikernel, &conversion->options,
						 &conversion->findings, &conversion->err);
	return conversion->component;
}

void conversion_patch(struct conversion *conversion)
{
	gencspec_patch_binary(&conversion->unikernel, conversion->component, &conversion->bytes);
}

void conversion_refused(struct conversion *conversion, enum error_kind kind, const char *word,
			const char *mend)
{
	const struct error *err = &conversion->err;

	ck_assert_msg(!conversion_run(conversion), "accepted, '%s' was expected", word);
	ck_assert_msg(err->kind == kind, "kind %d: %s", (int)err->kind, err->message);
	ck_assert_msg(strstr(err->message, word) != NULL, "no '%s' in: %s", word, err->message);
	ck_assert_msg(strstr(err->mend, mend) != NULL, "no '%s' in: %s", mend, err->mend);
}

void conversion_free(struct conversion *conversion)
{
	elf_image_free(&conversion->image);
	if (conversion->component)
		component_free(conversion->component);
	unikernel_free(&conversion->unikernel);
	bytes_free(&conversion->bytes);
	findings_free(&conversion->findings);
}
