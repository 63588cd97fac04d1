# Test guests: small freestanding unikernels with our own Solo5-compatible bindings.
#
#   $(BUILD)/guests/NAME.muen            muen, ABI 4, subject info 05
#   $(BUILD)/guests/sinfo0N/NAME.muen    the same for subject info 02, 03 and 04 (ABI 2, 3, 3)
#   $(BUILD)/guests/NAME.hvt             hvt, ABI 2, uses the network ring if it is offered
#   $(BUILD)/guests/noring/NAME.hvt      hvt as before Solo5 0.11: never looks at the ring
#
# `make guests` builds the first and third kind of all, and the guests of GUEST_FLAVOURED in the
# other kinds; any other file is built when it is asked for by name.

GUEST_NAMES := abort block clock entry exceptions exit flood hello hostile lowmem memory netclient \
	netecho netecho2 noeol sse tls wx yield
GUEST_FLAVOURED := hello clock netecho

GUEST_LIB := start trap arguments core cpu memory notes packet print
GUEST_LIB_hvt := $(GUEST_LIB) hvt hvt-net
GUEST_LIB_muen := $(GUEST_LIB) channel muen muen-net
GUEST_PARTS_hvt := hostile-call hostile-values hostile-ring hostile-paging hostile-cpu
GUEST_PARTS_muen := hostile-muen hostile-regions hostile-cpu

# Guests run without SSE, which one kind of host cannot interpret; nothing may be placed in the
# text but code, and no stack guard be read from TLS.
GUEST_FLAGS := -std=gnu11 -O2 -g -ffile-prefix-map=$(CURDIR)=. -I. -ffreestanding -fno-pic -fno-pie \
	-mcmodel=small -mno-red-zone -fno-stack-protector -fcf-protection=none \
	-fasynchronous-unwind-tables $(WARNINGS)
GUEST_UNITS := -mgeneral-regs-only
GUEST_LINK = $(LD) -m elf_x86_64 -nostdlib -static --build-id=none -z max-page-size=0x1000 \
	-z noexecstack

# $(call guest-flavour,FLAVOUR,TARGET,FOLDER/,DEFINES,BASE,TEXT_FLAGS)
define guest-flavour
$(BUILD)/obj/guests/$(1)/%.o: tests/guests/%.c Makefile tests/guests/guests.mk
	@mkdir -p $$(@D)
	$$(call say,GUEST,$$@)
	$$(Q)$$(CC) $$(GUEST_FLAGS) $$(GUEST_UNITS) $(4) -MMD -MP -c $$< -o $$@

$(BUILD)/obj/guests/$(1)/%.o: tests/guests/%.S Makefile tests/guests/guests.mk
	@mkdir -p $$(@D)
	$$(call say,GUEST,$$@)
	$$(Q)$$(CC) $$(GUEST_FLAGS) $(4) -MMD -MP -c $$< -o $$@

$(BUILD)/obj/guests/$(1)/sse.o: GUEST_UNITS := -msse2 -mfpmath=sse

$(BUILD)/obj/guests/$(1)/guest.lds: tests/guests/lib/guest.lds.S tests/guests/guests.mk
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -E -P -x c -DGUEST_BASE=$(5) -DGUEST_TEXT_FLAGS=$(6) $$< -o $$@

$(BUILD)/guests/$(3)%.$(2): $(BUILD)/obj/guests/$(1)/guest.lds $(BUILD)/obj/guests/$(1)/%.o \
		$$(GUEST_LIB_$(2):%=$(BUILD)/obj/guests/$(1)/lib/%.o)
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(GUEST_LINK) -T $$^ -o $$@

# The hostile guest has several parts.
$(BUILD)/guests/$(3)hostile.$(2) $(BUILD)/guests/$(3)hostile-bare.$(2): \
	$$(GUEST_PARTS_$(2):%=$(BUILD)/obj/guests/$(1)/%.o)
endef

guest-muen = $(call guest-flavour,muen-sinfo$(1),muen,$(2),-DGUEST_MUEN -DSINFO_REVISION=$(1) \
	-DGUEST_ABI_TARGET=4 -DGUEST_ABI_VERSION=$(3),0x200000,5)
guest-hvt = $(call guest-flavour,$(1),hvt,$(2),-DGUEST_HVT -DGUEST_HVT_RING=$(3) \
	-DGUEST_ABI_TARGET=1 -DGUEST_ABI_VERSION=2,0x100000,1)

$(eval $(call guest-muen,5,,4))
$(eval $(call guest-muen,4,sinfo04/,3))
$(eval $(call guest-muen,3,sinfo03/,3))
$(eval $(call guest-muen,2,sinfo02/,2))
$(eval $(call guest-hvt,hvt,,1))
$(eval $(call guest-hvt,hvt-noring,noring/,0))

$(BUILD)/guests/hostile.hvt: $(BUILD)/obj/guests/hvt/hostile-hvt.o
$(BUILD)/guests/hostile-bare.hvt: $(BUILD)/obj/guests/hvt/hostile.o

GUESTS := $(BUILD)/guests/hostile-bare.hvt \
	$(foreach guest,$(GUEST_NAMES),$(BUILD)/guests/$(guest).muen $(BUILD)/guests/$(guest).hvt) \
	$(foreach guest,$(GUEST_FLAVOURED),$(BUILD)/guests/noring/$(guest).hvt \
	$(foreach revision,02 03 04,$(BUILD)/guests/sinfo$(revision)/$(guest).muen))

guests: $(GUESTS)

# The test of their layout reads them.
$(BUILD)/tests/unit/test_guest_layout: | $(GUESTS)

.PHONY: guests
