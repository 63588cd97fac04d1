/* What solo5/elf.h and solo5/unikernel.h promise about everything they accept, checked anew. */
#ifndef TESTS_UNIT_ELF_CONTRACT_H
#define TESTS_UNIT_ELF_CONTRACT_H

#include "solo5/unikernel.h"

/* NULL, or which promise is broken. */
const char *elf_breach(const struct elf *elf);
const char *unikernel_breach(const struct unikernel *unikernel);

/* The same for an error after a failure: a kind, a message and a mend, all printable. */
const char *error_breach(const struct error *err);

/* The same for findings: texts that are printable, mends for warnings and errors. */
const char *findings_breach(const struct findings *findings);

#endif
