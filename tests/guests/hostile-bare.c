/* The hostile guest of hvt without devices. */
#define HOSTILE_BARE
#include "tests/guests/hostile-hvt.c"
