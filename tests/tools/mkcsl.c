/* Writes command streams that start the payload of tests/boot, sound or broken in a known way:
 *
 *	mkcsl list             the names, one a line
 *	mkcsl NAME PAYLOAD FILE
 */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/endian.h"
#include "base/file.h"
#include "image/csl.h"
#include "tests/boot/payload.h"

#include <stdio.h>
#include <string.h>

#define GIB (1ull << 30)
#define MIB (1ull << 20)

#define ENTRY_COMMAND 24 /* bytes of the last command */

static struct payload_table table = { .magic = PAYLOAD_MAGIC };
static struct memory_image image;
static struct buffer stream;

/* ---- what is put into memory --------------------------------------------- */

static void expect(uint64_t address, uint64_t size, uint8_t first, uint8_t step)
{
	table.expected[table.count++] = (struct payload_expected){
		.address = address, .size = size, .first = first, .step = step
	};
}

static void put_fill(uint64_t address, uint64_t size, uint8_t pattern)
{
	memory_image_fill(&image, address, size, pattern, "fill");
	expect(address, size, pattern, 0);
}

static void put_bytes(uint64_t address, size_t size, uint8_t step)
{
	unsigned char *bytes = xcalloc(size, 1); /* kept until the stream is written */

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(address / 8 + i * step);
	memory_image_add(&image, address, bytes, size, "bytes");
	expect(address, size, (uint8_t)(address / 8), step);
}

static void ask_cpuid(uint32_t value)
{
	struct image_cpuid_check check = { .leaf = 1,
					   .mask = 1,
					   .value = value,
					   .result = 3,
					   .message = "A processor with an FPU is needed" };

	memory_image_check_cpuid(&image, &check);
}

/* ---- sound ones ---------------------------------------------------------- */

static void make_normal(void)
{
	put_bytes(16 * MIB, 100003, 7);
	put_fill(18 * MIB + 3, 4096, 0x5a);
	ask_cpuid(1);
}

static void make_standin(void)
{
	image.standin = true;
}

static void make_low(void)
{
	put_bytes(0, 0x400, 3);
	put_fill(0x400, 0x8c00, 0x11);
	put_bytes(0x9000, 0x80000, 5);
}

/* Where the loader lies, the stream and what the boot loader told. */
static void make_over_loader(void)
{
	put_bytes(1 * MIB, 2 * MIB, 11);
	put_fill(3 * MIB, 5 * MIB, 0x77);
}

/* It lies where it is to write. */
static void make_big(void)
{
	put_fill(1 * MIB, 2 * MIB, 0x66);
	put_bytes(32 * MIB, 12 * MIB, 13);
	put_bytes(48 * MIB, 1 * MIB, 17);
}

static void make_many(void)
{
	for (unsigned i = 0; i < 60000; i++) {
		uint64_t address = 16 * MIB + (i * 7919 % 60000) * 64;

		memory_image_fill(&image, address, 64, (uint8_t)(i + 1), "fill");
		if (i % 2000 == 7)
			expect(address, 64, (uint8_t)(i + 1), 0);
	}
}

static void make_high(void)
{
	put_bytes(4 * GIB, 0x400000, 3);
	put_bytes(5 * GIB - 4 + MIB, 0x1003, 19);
	put_fill(5 * GIB + 2 * MIB - 1, 5 * MIB, 0x42);
	put_bytes(1 * MIB - 0x100000, 0x8000, 23);
	put_fill(1 * MIB, 6 * MIB, 0x24);
}

/* The payload must see this. */
static void make_wrong(void)
{
	put_fill(16 * MIB, 4096, 0x5a);
	expect(16 * MIB + 4095, 2, 0x5a, 0);
}

/* ---- broken ones --------------------------------------------------------- */

static void append(uint64_t number)
{
	unsigned char bytes[8];

	put_le64(bytes, number);
	buffer_add(&stream, bytes, sizeof(bytes));
}

static void append_fill(uint64_t address, uint64_t size)
{
	append(CSL_FILL);
	append(CSL_FILL_LENGTH);
	append(address);
	append(size);
	append(0);
}

static void break_magic(void)
{
	stream.data[7] ^= 1;
}

static void break_old(void)
{
	put_le64((unsigned char *)stream.data, 0);
	put_le64((unsigned char *)stream.data + 8, 8);
	put_le64((unsigned char *)stream.data + 16, CSL_OLD_MAGIC);
}

static void break_id(void)
{
	append(4);
	append(0);
}

static void break_length(void)
{
	append(CSL_FILL);
	append(16);
	append(0);
	append(0);
}

static void break_uneven(void)
{
	append(CSL_VENDOR_FIRST);
	append(4);
	append(0);
}

static void break_cut(void)
{
	stream.length -= 8;
}

static void break_odd(void)
{
	stream.length -= 3;
}

static void break_no_entry(void)
{
	stream.length -= ENTRY_COMMAND;
}

static void break_entry(void)
{
	put_le64((unsigned char *)stream.data + stream.length - 8, 4 * GIB);
}

static void break_entry_nowhere(void)
{
	put_le64((unsigned char *)stream.data + stream.length - 8, 0x7000);
}

static void break_overlap(void)
{
	append_fill(PAYLOAD_ADDRESS - 1, 2);
}

static void break_wrap(void)
{
	append_fill(UINT64_MAX - 1, 2);
}

static void break_rom(void)
{
	append_fill(0xf0000, 16);
}

static void break_screen(void)
{
	append_fill(0xb8000, 4000);
}

static void break_high(void)
{
	append_fill(4 * GIB, 16);
}

static void break_partly(void)
{
	append_fill(128 * MIB - 2 * MIB, 3 * MIB);
}

/* With 64 MiB: a stream of this size, and nowhere to go with it. */
static void break_room(void)
{
	append(CSL_VENDOR_FIRST);
	append(4 * MIB);
	for (unsigned i = 0; i < 4 * MIB / 8; i++)
		append(i);
	append_fill(1 * MIB, 23 * MIB);
	append_fill(27 * MIB, 36 * MIB);
}

static void make_cpuid(void)
{
	make_normal();
	ask_cpuid(0);
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*make)(void);
	void (*break_it)(void);
} cases[] = {
	{ "normal", make_normal, nothing },
	{ "standin", make_standin, nothing },
	{ "low", make_low, nothing },
	{ "over-loader", make_over_loader, nothing },
	{ "big", make_big, nothing },
	{ "many", make_many, nothing },
	{ "high", make_high, nothing },
	{ "wrong", make_wrong, nothing },
	{ "no-cpuid", make_cpuid, nothing },
	{ "bad-magic", make_normal, break_magic },
	{ "old", make_normal, break_old },
	{ "bad-id", make_normal, break_id },
	{ "bad-length", make_normal, break_length },
	{ "uneven-length", make_normal, break_uneven },
	{ "cut", make_normal, break_cut },
	{ "odd-size", make_normal, break_odd },
	{ "no-entry", make_normal, break_no_entry },
	{ "high-entry", make_normal, break_entry },
	{ "entry-nowhere", make_normal, break_entry_nowhere },
	{ "overlap", make_normal, break_overlap },
	{ "wrap", make_normal, break_wrap },
	{ "rom", make_normal, break_rom },
	{ "screen", make_normal, break_screen },
	{ "no-high", make_normal, break_high },
	{ "partly", make_normal, break_partly },
	{ "no-room", nothing, break_room },
};

/* ---- putting it together ------------------------------------------------- */

static int to_buffer(const void *bytes, size_t length, void *context, struct error *err)
{
	(void)err;
	buffer_add(context, bytes, length);
	return 0;
}

static int make(const char *name, const char *payload, const char *path, struct error *err)
{
	cleanup_bytes struct bytes kernel = { 0 };
	size_t i = 0;

	while (i < sizeof(cases) / sizeof(cases[0]) && strcmp(cases[i].name, name))
		i++;
	if (i == sizeof(cases) / sizeof(cases[0]))
		return err_fail(err, ERR_USAGE, "'%s' is none of 'mkcsl list'", name);
	if (file_read(payload, MIB, 0, &kernel, err) < 0 ||
	    memory_image_add_kernel(&image, payload, kernel.data, kernel.size, err) < 0)
		return -1;
	cases[i].make();
	memory_image_add(&image, PAYLOAD_EXPECTED_ADDRESS, &table, sizeof(table), "table");
	if (memory_image_settle(&image, err) < 0 || csl_write(&image, to_buffer, &stream, err) < 0)
		return -1;
	cases[i].break_it();
	return file_write(path, stream.data, stream.length, 0666, err);
}

int main(int argc, char **argv)
{
	struct error err = { 0 };
	int status = 0;

	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			puts(cases[i].name);
	} else if (argc != 4) {
		fprintf(stderr, "usage: mkcsl list | mkcsl NAME PAYLOAD FILE\n");
		status = ERR_USAGE;
	} else if (make(argv[1], argv[2], argv[3], &err) < 0) {
		fprintf(stderr, "mkcsl: %s\n", err.message);
		status = err.kind;
	}
	memory_image_free(&image);
	buffer_free(&stream);
	return status;
}
