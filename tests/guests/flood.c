/* Floods the console with numbered lines. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

#define WIDTH_MAX 65536

SOLO5_MANIFEST();

/* Puts the number in front of the line, which has at least ten characters. */
static void number_line(char *line, uint64_t number)
{
	for (size_t i = 8; i--; number /= 10)
		line[i] = (char)('0' + number % 10);
}

int solo5_app_main(const struct solo5_start_info *info)
{
	static char line[WIDTH_MAX + 1];
	uint64_t lines = 1000, width = 72;
	bool endless = false;
	const struct argument arguments[] = {
		{ .name = "--lines=", .number = &lines, .what = "how many lines (1000)" },
		{ .name = "--width=",
		  .number = &width,
		  .what = "characters of a line without its end (72; 10 to 65536)" },
		{ .name = "--endless", .flag = &endless, .what = "never stop" },
	};

	parse_arguments(info->cmdline, arguments, 3);
	if (width < 10 || width > WIDTH_MAX) {
		print("flood: a width of %lu is not between 10 and %d\n", width, WIDTH_MAX);
		return 2;
	}
	memset(line, '.', width);
	line[8] = ' ';
	line[width] = '\n';
	for (uint64_t i = 0; endless || i < lines; i++) {
		number_line(line, i);
		solo5_console_write(line, width + 1);
	}
	print("SUCCESS\n");
	return SOLO5_EXIT_SUCCESS;
}
