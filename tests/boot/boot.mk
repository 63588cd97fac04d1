# What the tests of booting start.

# Of the loader: a 32-bit program of its own, as a command stream brings it.
PAYLOAD := $(BUILD)/tests/boot/payload
PAYLOAD_PARTS := tests/boot/enter tests/boot/payload \
	image/loader/console image/loader/screen image/loader/font image/bare/memory \
	image/bare/serial image/line

$(BUILD)/obj/loader/tests/boot/payload.lds: tests/boot/payload.lds.S tests/boot/payload.h
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -I. $< -o $@

$(PAYLOAD): $(BUILD)/obj/loader/tests/boot/payload.lds $(PAYLOAD_PARTS:%=$(BUILD)/obj/loader/%.o)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LD) -m elf_i386 -nostdlib -static --build-id=none -z max-page-size=0x1000 \
		-z noexecstack -T $^ -o $@

# Of boot media: a multiboot program for the 32-bit state that GRUB leaves.
MULTIBOOT := $(BUILD)/tests/boot/multiboot

$(BUILD)/obj/tests/boot/multiboot.o: tests/boot/multiboot.S tests/boot/boot.mk
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) -m32 -c $< -o $@

$(MULTIBOOT): $(BUILD)/obj/tests/boot/multiboot.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LD) -m elf_i386 -nostdlib -static --build-id=none -z noexecstack \
		-z max-page-size=0x1000 -Ttext-segment=0x100000 $< -o $@

test-tools: $(PAYLOAD) $(MULTIBOOT)
