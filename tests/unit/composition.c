#include "tests/unit/composition.h"

#include "base/alloc.h"
#include "tests/unit/conversion.h"
#include "tests/unit/support.h"

#include <string.h>

void composing_begin(struct composing *composing, const char *recipe)
{
	struct error *err = &composing->err;

	*composing = (struct composing){ .ram = 16 << 20, .channel_size = 1 << 20 };
	composing->recipe = recipe_parse("test.yaml", recipe, strlen(recipe), err);
	ck_assert_msg(composing->recipe != NULL, "%s", err->message);
	composing->composition = (struct composition){ .recipe = composing->recipe,
						       .name = "system",
						       .unikernels = composing->requests,
						       .links = composing->links };
}

bool composing_use_qemu(struct composing *composing)
{
	const char *path = shared_path("muen/policy/hardware/qemu-kvm.xml");
	cleanup_free char *hardware = path ? xstrdup(path) : NULL, *additional = NULL;

	if (!path)
		return false;
	additional = xstrdup(shared_path("muen/policy/hardware/common_hardware.xml"));
	composing->hardware =
		hardware_read(hardware, additional,
			      shared_path("muen/policy/platform/qemu-kvm.xml"), &composing->err);
	ck_assert_msg(composing->hardware != NULL, "%s", composing->err.message);
	composing->composition.hardware = composing->hardware;
	return true;
}

static struct unikernel_request *add_component(struct composing *composing,
					       struct component *component)
{
	size_t index = composing->composition.unikernel_count++;

	ck_assert_uint_lt(index, COMPOSING_MAX);
	composing->components[index] = component;
	composing->requests[index] = (struct unikernel_request){ .component = component,
								 .subject = component->name,
								 .cpu = -1 };
	return &composing->requests[index];
}

struct unikernel_request *composing_add(struct composing *composing, const char *name,
					const char *devices, bool resettable)
{
	cleanup_conversion struct conversion conversion = conversion_of(SOLO5_MUEN);
	cleanup_free char *words = xstrdup(devices);
	char *place = words;

	for (char *word; (word = strsep(&place, " "));)
		if (*word)
			elf_spec_device(&conversion.spec, word, SOLO5_NET_BASIC);
	conversion.options.name = name;
	conversion.options.ram = composing->ram;
	conversion.options.channel_size = composing->channel_size;
	conversion.options.resettable = resettable;
	ck_assert_msg(conversion_run(&conversion) != NULL, "%s", conversion.err.message);
	return add_component(composing, steal(conversion.component));
}

struct unikernel_request *composing_add_spec(struct composing *composing, const char *spec)
{
	struct component *component =
		component_parse("spec.xml", spec, strlen(spec), &composing->err);

	ck_assert_msg(component != NULL, "%s", composing->err.message);
	return add_component(composing, component);
}

void composing_link(struct composing *composing, const char *left, const char *left_device,
		    const char *right, const char *right_device)
{
	composing->links[composing->composition.link_count++] =
		(struct link){ { left, left_device }, { right, right_device } };
}

struct system *composing_run(struct composing *composing)
{
	composing->system =
		compose_system(&composing->composition, &composing->findings, &composing->err);
	return composing->system;
}

void composing_refused(struct composing *composing, enum error_kind kind, const char *word,
		       const char *mend)
{
	const struct error *err = &composing->err;

	ck_assert_msg(!composing_run(composing), "accepted, '%s' was expected", word);
	ck_assert_msg(err->kind == kind, "kind %d: %s", (int)err->kind, err->message);
	ck_assert_msg(strstr(err->message, word) != NULL, "no '%s' in: %s", word, err->message);
	ck_assert_msg(*err->mend && strstr(err->mend, mend), "no '%s' in: %s", mend, err->mend);
}

void composing_free(struct composing *composing)
{
	for (size_t i = 0; i < composing->composition.unikernel_count; i++)
		component_free(composing->components[i]);
	if (composing->system)
		system_free(composing->system);
	if (composing->hardware)
		hardware_free(composing->hardware);
	if (composing->recipe)
		recipe_free(composing->recipe);
	findings_free(&composing->findings);
}
