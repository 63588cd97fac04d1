#include "tests/unit/gdb_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct fake_vm *fake_of(struct vm *vm)
{
	return (struct fake_vm *)vm;
}

static int get_registers(struct vm *vm, struct vm_registers *registers, struct error *err)
{
	(void)err;
	*registers = fake_of(vm)->registers;
	return 0;
}

static int set_registers(struct vm *vm, const struct vm_registers *registers, struct error *err)
{
	if (fake_of(vm)->refuses_registers)
		return err_fail(err, ERR_MISSING, "refused");
	fake_of(vm)->registers = *registers;
	return 0;
}

static int get_fpu(struct vm *vm, struct vm_fpu *fpu, struct error *err)
{
	(void)err;
	*fpu = fake_of(vm)->fpu;
	return 0;
}

static int set_fpu(struct vm *vm, const struct vm_fpu *fpu, struct error *err)
{
	(void)err;
	fake_of(vm)->fpu = *fpu;
	return 0;
}

static int set_debug(struct vm *vm, const struct vm_debug *debug, struct error *err)
{
	(void)err;
	fake_of(vm)->debug = *debug;
	fake_of(vm)->debug_changes++;
	return 0;
}

static int run(struct vm *vm, struct vm_exit *exit, struct error *err)
{
	struct fake_vm *fake = fake_of(vm);

	(void)err;
	fake->runs++;
	*exit = (struct vm_exit){ .kind = VM_EXIT_INTERRUPTED };
	if (fake->script_length) {
		*exit = *fake->script++;
		fake->script_length--;
	}
	return 0;
}

static void interrupt(struct vm *vm, bool interrupt)
{
	fake_of(vm)->interrupts += interrupt;
}

static const struct vm_operations operations = {
	.name = "no machine",
	.get_registers = get_registers,
	.set_registers = set_registers,
	.get_fpu = get_fpu,
	.set_fpu = set_fpu,
	.set_debug = set_debug,
	.run = run,
	.interrupt = interrupt,
};

static void make_memory(struct gdb_fixture *fixture)
{
	const size_t text_size = FIXTURE_RAM - FIXTURE_TEXT;
	const size_t size = FIXTURE_END - FIXTURE_TEXT;
	struct error err;
	unsigned char *host;

	if (guest_ram_new(&fixture->ram, size, &err) < 0)
		abort();
	host = fixture->ram.host;
	for (size_t i = 0; i < size; i++)
		host[i] = (unsigned char)i;
	const struct guest_region regions[] = {
		{ FIXTURE_TEXT, text_size, host, false, "text" },
		{ FIXTURE_RAM, size - text_size, host + text_size, true, "RAM" },
	};
	for (size_t i = 0; i < 2; i++)
		if (guest_memory_add(&fixture->memory, &regions[i], &err) < 0)
			abort();
	if (mprotect(host, text_size, PROT_READ) < 0)
		abort();
}

void gdb_fixture_new(struct gdb_fixture *fixture)
{
	*fixture = (struct gdb_fixture){ 0 };
	make_memory(fixture);
	fixture->vm.vm.operations = &operations;
	fixture->vm.registers.rip = FIXTURE_TEXT;
	fixture->session.vm = &fixture->vm.vm;
	fixture->session.memory = &fixture->memory;
	gdb_session_connect(&fixture->session);
}

void gdb_fixture_free(struct gdb_fixture *fixture)
{
	gdb_session_free(&fixture->session);
	guest_memory_free(&fixture->memory);
	guest_ram_free(&fixture->ram);
}

static void take_apart(struct gdb_fixture *fixture)
{
	struct gdb_decoder decoder = { 0 };
	struct buffer *out = &fixture->session.out;

	for (size_t i = 0; i < out->length; i++) {
		switch (gdb_decode(&decoder, (unsigned char)out->data[i])) {
		case GDB_PACKET:
			fixture->packets++;
			fixture->reply_length = decoder.length;
			memcpy(fixture->reply, decoder.contents, decoder.length + 1);
			break;
		case GDB_ACK:
			fixture->acks++;
			break;
		case GDB_NAK:
			fixture->naks++;
			break;
		case GDB_DAMAGED:
		case GDB_INTERRUPT:
			abort(); /* this side never sends that */
		case GDB_NOTHING:
		default:
			break;
		}
	}
	if (decoder.state != GDB_BETWEEN)
		abort();
	out->length = 0;
}

const char *gdb_feed(struct gdb_fixture *fixture, const void *bytes, size_t length)
{
	fixture->acks = fixture->naks = fixture->packets = fixture->reply_length = 0;
	gdb_session_feed(&fixture->session, bytes, length);
	take_apart(fixture);
	return fixture->packets ? fixture->reply : NULL;
}

const char *gdb_ask(struct gdb_fixture *fixture, const char *contents)
{
	cleanup_buffer struct buffer packet = { 0 };

	gdb_encode(&packet, contents, strlen(contents));
	return gdb_feed(fixture, packet.data, packet.length);
}
