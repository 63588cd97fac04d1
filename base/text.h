/* Reading numbers and names out of text, and showing them to people. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses a decimal or 0x-hexadecimal whole number; the entire text must be one.
 * Returns 0, or -1 without touching *value (no error object: the caller knows what
 * the text is). */
int text_to_number(const char *text, uint64_t *value);

/* The value of a hexadecimal digit of either case, or -1. */
int text_hex_digit(char digit);

/* Parses a size in bytes: a number, or a number with one of K, M, G (powers of
 * 1024; a trailing "iB" or "B" is accepted), with or without a blank between them.
 * Returns 0 or -1. */
int text_to_size(const char *text, uint64_t *bytes);

/* Writes a size as people write it into text[32]: "512 MiB", "1.5 MiB", "640 bytes". */
const char *size_to_text(uint64_t bytes, char text[static 32]);

/* Whether the bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(const char *text, size_t length);

/* The length of the character at `text`, not its end; 0 if XML, and so Muen's policy, cannot hold
 * it: what is not UTF-8, control characters other than tab, newline and carriage return, U+FFFE and
 * U+FFFF. */
size_t text_xml_character(const char *text);

/* Whether XML can hold the text. */
bool text_is_xml(const char *text);

/* Copies text into out[size], with every byte that a terminal might take as a command
 * (controls, DEL, bytes that are not UTF-8) shown as \xNN; cut with "..." to fit. */
const char *text_printable(const char *text, size_t length, char *out, size_t size);

#endif
