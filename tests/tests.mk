# Unit tests: every tests/unit/test_*.c is a program of its own (check, TAP output).

TEST_PACKAGES := check
TEST_LIBS = $(shell pkg-config --libs $(TEST_PACKAGES))
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/tests/unit/%)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/unit/support.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) $^ $(TEST_LIBS) $(PKG_LIBS) -o $@

unit-tests: $(UNIT_TESTS)

# Fuzz targets: every tests/fuzz/fuzz_*.c defines LLVMFuzzerTestOneInput() and is linked with
# replay.c, which runs it over the files it is given; `make fuzz` links libFuzzer instead (clang).

FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) $^ $(PKG_LIBS) -o $@

fuzz-replays: $(FUZZ_REPLAYS)

.PRECIOUS: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/fuzz/%.o
.PHONY: unit-tests fuzz-replays

include tests/guests/guests.mk
