/* Runs one subject of the image from its entry to its end. */
#ifndef IMAGE_STANDIN_SUBJECT_H
#define IMAGE_STANDIN_SUBJECT_H

#include "image/standin/handover.h"
#include "image/standin/vcpu.h"

/* Runs it, shows its debug log, and says how it ended. `prefixed` puts its name before each line
 * of the log. */
void subject_run(const struct standin_handover *handover, const struct standin_subject *subject,
		 bool prefixed);

/* fault.c: says which access of the subject failed, where, and what lies there. Only the first ones
 * are told. */
void fault_report_begin(const struct standin_handover *handover,
			const struct standin_subject *subject);
void fault_report(uint64_t address, uint64_t error_code, uint64_t rip);

#endif
