# What boot media are tried with: a multiboot program for the 32-bit state that GRUB leaves.

BOOT_PAYLOAD := $(BUILD)/tests/boot/payload

$(BUILD)/obj/tests/boot/payload.o: tests/boot/payload.S tests/boot/boot.mk
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) -m32 -c $< -o $@

$(BOOT_PAYLOAD): $(BUILD)/obj/tests/boot/payload.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LD) -m elf_i386 -nostdlib -static --build-id=none -z noexecstack \
		-z max-page-size=0x1000 -Ttext-segment=0x100000 $< -o $@

guests: $(BOOT_PAYLOAD)
