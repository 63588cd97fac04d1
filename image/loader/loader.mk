# The loader: a 32-bit multiboot program of its own. Its objects are freestanding, whatever the
# program's are built with; what checks a stream is also built for this machine, for the tests.

LOADER := $(BUILD)/share/muenbuild/boot/loader
LOADER_CHECKS := image/loader/plan.c image/loader/ram.c
LOADER_SOURCES := $(sort $(wildcard image/loader/*.c image/loader/*.S image/bare/*.c)) \
	image/csl_rules.c image/line.c
LOADER_OBJECTS := $(patsubst %,$(BUILD)/obj/loader/%.o,$(basename $(LOADER_SOURCES)))

LOADER_FLAGS := -std=gnu11 -Os -m32 -march=i686 -ffreestanding -fno-builtin -fno-pic -fno-pie \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-jump-tables \
	-mgeneral-regs-only -ffile-prefix-map=$(CURDIR)=. -I. -DMUENBUILD_VERSION='"$(VERSION)"' \
	$(WARNINGS) -MMD -MP

$(BUILD)/obj/loader/%.o: %.c Makefile image/loader/loader.mk VERSION
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(LOADER_FLAGS) -c $< -o $@

$(BUILD)/obj/loader/%.o: %.S Makefile image/loader/loader.mk
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)$(CC) $(LOADER_FLAGS) -c $< -o $@

# What runs in a copy must refer to nothing outside of it.
$(LOADER): image/loader/loader.lds $(LOADER_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)test -z "$$($(NM) -u $(BUILD)/obj/loader/image/loader/execute_stream.o)" || \
		{ echo "execute_stream.c calls something outside of it" >&2; exit 1; }
	$(Q)$(LD) -m elf_i386 -nostdlib -static --build-id=none -z max-page-size=0x1000 \
		-z noexecstack -s -T $^ -o $@

LOADER_LIBRARY := $(BUILD)/libloader.a

# Made anew also when its list changes, which no object's age tells.
$(LOADER_LIBRARY): $(LOADER_CHECKS:%.c=$(BUILD)/obj/%.o) image/loader/loader.mk
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

all: $(LOADER)
BOOT_FILES += $(LOADER)
