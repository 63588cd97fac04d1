# Unit tests: every tests/unit/test_*.c is a program of its own (check, TAP output). The other
# files beside them are what they share, in an archive, so that each links only what it uses.

TEST_PACKAGES := check
TEST_LIBS = $(shell pkg-config --libs $(TEST_PACKAGES))
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/tests/unit/%)

TEST_SUPPORT_SOURCES := $(filter-out $(UNIT_SOURCES),$(sort $(wildcard tests/unit/*.c)))
TEST_SUPPORT := $(BUILD)/libtestsupport.a

$(TEST_SUPPORT): $(TEST_SUPPORT_SOURCES:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(TEST_SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(TEST_LIBS) $(PKG_LIBS) -o $@

unit-tests: $(UNIT_TESTS)

# Tools that the tests use: every tests/tools/*.c is a program of its own.

TEST_TOOL_SOURCES := $(sort $(wildcard tests/tools/*.c))
TEST_TOOLS := $(TEST_TOOL_SOURCES:tests/tools/%.c=$(BUILD)/tests/tools/%)

$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(TEST_SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) $^ $(PKG_LIBS) -o $@

test-tools: $(TEST_TOOLS)

# Fuzz targets: every tests/fuzz/fuzz_*.c defines LLVMFuzzerTestOneInput() and is linked with
# replay.c, which runs it over the files it is given; `make fuzz` links libFuzzer instead (clang).

FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o \
		$(TEST_SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(PKG_LIBS) -o $@

fuzz-replays: $(FUZZ_REPLAYS)

<<<<<<< HEAD
.PRECIOUS: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/tools/%.o $(BUILD)/obj/tests/fuzz/%.o
.PHONY: unit-tests test-tools fuzz-replays
=======
.PRECIOUS: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/fuzz/%.o
.PHONY: unit-tests fuzz-replays

include tests/guests/guests.mk
>>>>>>> guests
