/* The CPU's registers as gdb numbers and transfers them.
 *
 * Numbers and sizes are those of gdb's own amd64 description up to MXCSR, so that a debugger
 * that reads no target description understands them too; behind come the segment bases and
 * the control registers. All values are little-endian.
 */
#ifndef TENDER_GDB_REGISTERS_H
#define TENDER_GDB_REGISTERS_H

#include "base/buffer.h"
#include "tender/vm/vm.h"

#include <stddef.h>

#define GDB_REGISTERS 64
#define GDB_REGISTER_MAX 16 /* bytes of the largest */

struct gdb_cpu {
	struct vm_registers registers;
	struct vm_fpu fpu;
};

/* Bytes that a register has in a packet; 0: there is none with this number. */
size_t gdb_register_size(unsigned number);

/* Copy one register; `number` is below GDB_REGISTERS. */
void gdb_register_get(const struct gdb_cpu *cpu, unsigned number,
		      unsigned char bytes[static GDB_REGISTER_MAX]);
void gdb_register_set(struct gdb_cpu *cpu, unsigned number,
		      const unsigned char bytes[static GDB_REGISTER_MAX]);

/* Adds target.xml: the names, sizes and types of them all. */
void gdb_describe_registers(struct buffer *xml);

#endif
