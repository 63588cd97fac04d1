#include "tender/guest.h"

#include <inttypes.h>

static const struct {
	enum solo5_target number;
	struct guest *(*make)(void);
	const char *members[2]; /* of the report: what its operation `report` puts there */
} targets[] = {
	{ SOLO5_HVT, hvt_guest_new, { "hypercalls", "ring" } },
	{ SOLO5_MUEN, muen_guest_new, { "subject" } },
};

static struct guest *make(uint32_t target, struct error *err)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (targets[i].number == target)
			return targets[i].make();
	err_fail(err, ERR_INPUT,
		 "is a Solo5 unikernel for the target %s (number %" PRIu32
		 "), this tender runs those for hvt and muen",
		 solo5_target_name(target), target);
	err_mend(err, "build it for hvt (mirage configure -t hvt) or for Muen (-t muen)");
	return NULL;
}

struct guest *guest_new(const struct guest_setup *setup, struct error *err)
{
	struct guest *guest = make(setup->unikernel->target, err);

	if (!guest)
		return NULL;
	guest->setup = *setup;
	if (guest->operations->check(guest, err) == 0)
		return guest;
	guest_free(guest);
	return NULL;
}

int guest_load(struct guest *guest, struct vm *vm, struct error *err)
{
	guest->vm = vm;
	return guest->operations->load(guest, err);
}

static void report_absent(const char *const members[2], struct json *json)
{
	for (size_t i = 0; i < 2 && members[i]; i++)
		json_put_null(json, members[i]);
}

void guest_report(const struct guest *guest, struct json *json)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (guest && guest->setup.unikernel->target == targets[i].number)
			guest->operations->report(guest, json);
		else
			report_absent(targets[i].members, json);
}

void guest_free(struct guest *guest)
{
	if (guest)
		guest->operations->free(guest);
}
