# What the tests of the tender need beside the tender and the guests.

HVT_FAULTS := $(BUILD)/tests/hvt/faults.so

$(HVT_FAULTS): tests/hvt/faults.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O2 -fPIC -shared $< -o $@

test-tools: $(HVT_FAULTS)
