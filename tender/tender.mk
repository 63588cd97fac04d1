# muenbuild-hvt, the tender: a program of its own, of base/, solo5/, subject/, tender/ and those files of
# gencspec/ that know no XML. libslirp is loaded by the helper of a user network when there is one; only its header (libslirp-dev) is
# needed here.

TENDER_PACKAGES := libseccomp
TENDER_LIBS = $(shell pkg-config --libs $(TENDER_PACKAGES)) -lpthread -ldl
TENDER_CFLAGS = $(shell pkg-config --cflags $(TENDER_PACKAGES))

TENDER_SOURCES := $(filter-out tender/main.c,$(sort $(wildcard tender/*.c tender/*/*.c)))
TENDER_GENCSPEC := $(addprefix gencspec/,binary.c check.c component.c component_plan.c layout.c \
	naming.c placement.c)
TENDER_ROOMS := $(sort $(wildcard base/*.c solo5/*.c subject/*.c) $(TENDER_GENCSPEC))
TENDER_LIBRARY := $(BUILD)/libtender.a
TENDER := $(BUILD)/bin/muenbuild-hvt

$(TENDER_LIBRARY): $(TENDER_SOURCES:%.c=$(BUILD)/obj/%.o) $(TENDER_ROOMS:%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/obj/tender/%.o: override CPPFLAGS += $(TENDER_CFLAGS)

$(TENDER): $(BUILD)/obj/tender/main.o $(TENDER_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(TENDER_LIBS) -o $@

all: $(TENDER)
PROGRAMS += $(TENDER)
