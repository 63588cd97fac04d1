#include "tender/symbols.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_place_in_code(const Elf64_Sym *symbol)
{
	int type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_NOTYPE);
}

/* Elsewhere the nearest symbol would say nothing. */
static bool is_code(const struct elf *elf, uint64_t address)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (segment->type == PT_LOAD && (segment->flags & PF_X) &&
		    address >= segment->vaddr && address - segment->vaddr < segment->memsz)
			return true;
	}
	return false;
}

/* The symbol with the highest address that is not above; false if there is none. */
static bool find_nearest(const struct elf *elf, const struct elf_section *table, uint64_t address,
			 Elf64_Sym *nearest)
{
	bool found = false;

	for (uint64_t i = 0; i < table->size / sizeof(*nearest); i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, elf->bytes + table->offset + i * sizeof(symbol), sizeof(symbol));
		if (!is_place_in_code(&symbol) || symbol.st_value > address)
			continue;
		if (found && symbol.st_value < nearest->st_value)
			continue;
		*nearest = symbol;
		found = true;
	}
	return found;
}

const char *symbol_near(const struct elf *elf, uint64_t address, char *text, size_t size)
{
	const struct elf_section *table = elf_section_named(elf, ".symtab");
	const struct elf_section *names = elf_section_named(elf, ".strtab");
	char name[160];
	Elf64_Sym symbol = { 0 };
	size_t room;

	text[0] = '\0';
	if (!table || !names || !is_code(elf, address) || table->type != SHT_SYMTAB ||
	    names->type != SHT_STRTAB || !find_nearest(elf, table, address, &symbol) ||
	    symbol.st_name >= names->size)
		return text;
	room = names->size - symbol.st_name;
	text_printable((const char *)elf->bytes + names->offset + symbol.st_name,
		       strnlen((const char *)elf->bytes + names->offset + symbol.st_name, room),
		       name, sizeof(name));
	snprintf(text, size, "%s+0x%" PRIx64, name, address - symbol.st_value);
	return text;
}

/* Whether a symbol has that name. */
static bool is_named(const struct elf *elf, const struct elf_section *names,
		     const Elf64_Sym *symbol, const char *name)
{
	const size_t length = strlen(name) + 1;

	return symbol->st_name < names->size && names->size - symbol->st_name >= length &&
	       !memcmp(elf->bytes + names->offset + symbol->st_name, name, length);
}

void symbol_range(const struct elf *elf, const char *name, uint64_t *start, uint64_t *end)
{
	const struct elf_section *table = elf_section_named(elf, ".symtab");
	const struct elf_section *names = elf_section_named(elf, ".strtab");

	*start = *end = 0;
	if (!table || !names || table->type != SHT_SYMTAB || names->type != SHT_STRTAB)
		return;
	for (uint64_t i = 0; i < table->size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, elf->bytes + table->offset + i * sizeof(symbol), sizeof(symbol));
		if (!is_place_in_code(&symbol) || !is_named(elf, names, &symbol, name) ||
		    symbol.st_size > UINT64_MAX - symbol.st_value)
			continue;
		*start = symbol.st_value;
		*end = symbol.st_value + symbol.st_size;
		return;
	}
}
