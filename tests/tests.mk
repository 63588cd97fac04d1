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
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(TEST_SUPPORT) $(LOADER_LIBRARY) \
		$(STANDIN_LIBRARY) $(LIBRARY) $(TENDER_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(TEST_LIBS) $(PKG_LIBS) $(TENDER_LIBS) -o $@

unit-tests: $(UNIT_TESTS)

# Tools that the tests use: every tests/tools/*.c is a program of its own.

TEST_TOOL_SOURCES := $(sort $(wildcard tests/tools/*.c))
TEST_TOOLS := $(TEST_TOOL_SOURCES:tests/tools/%.c=$(BUILD)/tests/tools/%)

$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(TEST_SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(PKG_LIBS) -o $@

test-tools: $(TEST_TOOLS)

# Fuzz targets: every tests/fuzz/fuzz_*.c defines LLVMFuzzerTestOneInput() and is linked with
# replay.c, which runs it over the files it is given; `make fuzz` links libFuzzer instead (clang).

FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o \
		$(TEST_SUPPORT) $(LOADER_LIBRARY) $(STANDIN_LIBRARY) $(LIBRARY) $(TENDER_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(PKG_LIBS) $(TENDER_LIBS) -o $@

fuzz-replays: $(FUZZ_REPLAYS)


include tests/guests/guests.mk
include tests/boot/boot.mk
include tests/hvt/hvt.mk

# ---- running them ------------------------------------------------------------

# Everything that one build offers for testing.
tests: all unit-tests test-tools fuzz-replays

# The same sources, once with AddressSanitizer and UBSan, once with the other compiler.
SANITIZED_BUILD := $(BUILD)/sanitized
CLANG_BUILD := $(BUILD)/clang

check: check-deps
	@$(MAKE) --no-print-directory tests guests
	@$(MAKE) --no-print-directory tests SANITIZE=1 BUILD=$(SANITIZED_BUILD)
	@$(MAKE) --no-print-directory tests guests CC=clang BUILD=$(CLANG_BUILD)
	@MUENBUILD_SHARED=$(abspath $(SHARED)) tests/run.sh $(BUILD) $(SANITIZED_BUILD) $(CLANG_BUILD)

check-deps:
	@scripts/deps.sh check

# Coverage-guided fuzzing of one target, or of all for a minute each: make fuzz TARGET=xml
FUZZ_SECONDS ?= 60
FUZZ_BUILD := $(BUILD)/fuzz
FUZZ_LINKED := $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c=$(FUZZ_BUILD)/fuzz_%)

$(FUZZ_BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(TEST_SUPPORT) $(LOADER_LIBRARY) \
		$(STANDIN_LIBRARY) $(LIBRARY) $(TENDER_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fsanitize=fuzzer $^ $(PKG_LIBS) $(TENDER_LIBS) -o $@

fuzz-linked: $(FUZZ_LINKED)

fuzz: check-deps
	@$(MAKE) --no-print-directory fuzz-linked CC=clang SANITIZE=fuzzer-no-link BUILD=$(FUZZ_BUILD) \
		FUZZ_BUILD=$(FUZZ_BUILD)
	@scripts/fuzz.sh $(FUZZ_BUILD) $(FUZZ_SECONDS) $(TARGET)

bench: check-deps
	@$(MAKE) --no-print-directory tests guests
	@for script in tests/bench/bench_*.sh; do \
		echo "== $$script"; MUENBUILD_BUILD=$(abspath $(BUILD)) bash $$script || exit 1; done

.PHONY: unit-tests test-tools fuzz-replays tests check check-deps fuzz fuzz-linked bench
