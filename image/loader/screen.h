/* A screen as a terminal, for the console. */
#ifndef IMAGE_LOADER_SCREEN_H
#define IMAGE_LOADER_SCREEN_H

#include "image/loader/console.h"

/* Shows a character or ends the line ('\n'). A full screen begins anew at its top: what the loader
 * says fits. */
void screen_put(char character);

#endif
