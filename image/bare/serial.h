/* The first serial port: COM1, 115200 baud, 8N1. Where there is none, or it takes nothing for long,
 * what goes to it is lost; otherwise no byte is.
 */
#ifndef IMAGE_BARE_SERIAL_H
#define IMAGE_BARE_SERIAL_H

void serial_open(void);
void serial_put(char character);

/* Until the last byte went over the line. */
void serial_drain(void);

#endif
