/* The letters of a screen that has pixels only. */
#ifndef IMAGE_LOADER_FONT_H
#define IMAGE_LOADER_FONT_H

#define FONT_FIRST ' '
#define FONT_LAST '~'
#define FONT_ROWS 8
#define FONT_COLUMNS 6 /* the last one is always empty */

/* A byte for each row, the lowest bit is the leftmost column. */
extern const unsigned char font_glyphs[FONT_LAST - FONT_FIRST + 1][FONT_ROWS];

#endif
