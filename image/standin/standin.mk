# The stand-in kernel: a 64-bit program of its own. Its objects are freestanding, whatever the
# program's are built with; what has no need of a machine is also built for this one, for the tests.

STANDIN := $(BUILD)/share/muenbuild/boot/standin
STANDIN_CHECKS := $(addprefix image/standin/,decode.c deliver.c emulate.c handover.c rtc_time.c)
STANDIN_SOURCES := $(sort $(wildcard image/standin/*.c image/standin/*.S image/bare/*.c)) \
	subject/channel.c subject/ending.c
STANDIN_OBJECTS := $(patsubst %,$(BUILD)/obj/standin/%.o,$(basename $(STANDIN_SOURCES)))

# It must not touch the registers of SSE, which are the subject's.
STANDIN_FLAGS := -std=gnu11 -O2 -g -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -ffreestanding \
	-fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)=. -I. \
	-DMUENBUILD_VERSION='"$(VERSION)"' $(WARNINGS) -MMD -MP

$(BUILD)/obj/standin/%.o: %.c Makefile image/standin/standin.mk VERSION
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(STANDIN_FLAGS) -c $< -o $@

$(BUILD)/obj/standin/%.o: %.S Makefile image/standin/standin.mk
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)$(CC) $(STANDIN_FLAGS) -c $< -o $@

$(STANDIN): image/standin/standin.lds $(STANDIN_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LD) -m elf_x86_64 -nostdlib -static --build-id=none -z max-page-size=0x1000 \
		-z noexecstack -s -T $^ -o $@

STANDIN_LIBRARY := $(BUILD)/libstandin.a

# Made anew also when its list changes, which no object's age tells.
$(STANDIN_LIBRARY): $(STANDIN_CHECKS:%.c=$(BUILD)/obj/%.o) image/standin/standin.mk
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

all: $(STANDIN)
BOOT_FILES += $(STANDIN)
