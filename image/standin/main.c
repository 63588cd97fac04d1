/* The stand-in kernel: runs the subjects of its image, one after the other, each in the address
 * space that the policy lays out for it. There is no separation and there are no drivers: it
 * proves that an image boots and that the unikernels in it run. */
#include "image/standin/clock.h"
#include "image/standin/console.h"
#include "image/standin/handover.h"
#include "image/standin/interrupts.h"
#include "image/standin/machine.h"
#include "image/standin/subject.h"
#include "image/standin/tables.h"

void standin_main(void);

void standin_main(void)
{
	const struct standin_handover *handover = memory_at(STANDIN_HANDOVER);
	const char *what;

	console_init();
	say_raw("muenbuild stand-in kernel %s: not for production\n", MUENBUILD_VERSION);
	tables_init();
	if (!standin_handover_check(handover, &what))
		give_up("the handover is not good: %s", what);
	interrupts_init();
	clock_init();
	for (uint32_t i = 0; i < handover->subject_count; i++)
		subject_run(handover, &standin_subjects(handover)[i], handover->subject_count > 1);
	give_up("all subjects ended");
}
