# muenbuild: see README.md. `make help` lists what there is.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
NM ?= nm
BUILD ?= build
WERROR ?= 1
SANITIZE ?= 0
SHARED ?= ../shared
V ?= 0
VERSION := $(shell cat VERSION)

# One short line per step; `make V=1` shows the commands.
ifeq ($(V),0)
Q := @
say = @printf '  %-6s %s\n' '$(1)' '$(2)'
else
Q :=
say = @:
endif

ROOMS := base digest solo5 xml gencspec subject policy recipes image iso serve cli \
	sign sign/ipxe sign/judge sign/keys sign/sbs
PACKAGES := libxml-2.0 libcrypto jansson libcyaml yaml-0.1 gpgme libisofs-1
LOADED_PACKAGES := libmicrohttpd # when it is needed: only its header is, here

# These may be set from outside; what the build cannot do without is added below.
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wpointer-arith -Wvla -Wundef -Wformat=2
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
# SANITIZE=1: AddressSanitizer and UBSan; SANITIZE=fuzzer-no-link: what libFuzzer wants, too.
ifneq ($(SANITIZE),0)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifneq ($(SANITIZE),1)
SANITIZERS += -fsanitize=$(SANITIZE)
endif
endif
HARDENING := -fstack-protector-strong -fPIE
ifeq ($(SANITIZE),0)
HARDENING += -D_FORTIFY_SOURCE=2
endif

PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) $(LOADED_PACKAGES))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES))
COMPILE = $(CC) -std=gnu11 -D_GNU_SOURCE -DMUENBUILD_VERSION='"$(VERSION)"' -I. $(PKG_CFLAGS) \
	$(WARNINGS) $(HARDENING) $(SANITIZERS) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) $(CFLAGS) $(SANITIZERS) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# ---- the program -------------------------------------------------------------

ROOM_SOURCES := $(filter-out cli/main.c,$(sort $(wildcard $(addsuffix /*.c,$(ROOMS)))))
ROOM_OBJECTS := $(ROOM_SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libmuenbuild.a
PROGRAM := $(BUILD)/bin/muenbuild
DATA := $(wildcard recipes/*.yaml schema/*.rng)
STAGED := $(addprefix $(BUILD)/share/muenbuild/,$(DATA))

PROGRAMS := $(PROGRAM)

all: $(PROGRAMS) $(STAGED)

$(BUILD)/obj/%.o: %.c Makefile VERSION
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c $< -o $@

$(LIBRARY): $(ROOM_OBJECTS)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

# What `run` shares with the tender comes out of the tender's library.
$(PROGRAM): $(BUILD)/obj/cli/main.o $(LIBRARY) $(BUILD)/libtender.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(PKG_LIBS) $(TENDER_LIBS) -o $@

# The program finds its recipes and schemas in ../share/muenbuild beside its bin folder, here
# and where it is installed.
$(BUILD)/share/muenbuild/%: %
	@mkdir -p $(@D)
	$(Q)cp $< $@

# Objects are kept: the next build needs them again.
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

include tender/tender.mk
include image/loader/loader.mk
include image/standin/standin.mk
include tests/tests.mk

# ---- trying, installing ------------------------------------------------------

deps:
	@scripts/deps.sh build

demo:
	@scripts/deps.sh demo
	@$(MAKE) --no-print-directory all guests
	@scripts/demo.sh $(BUILD)

MAN1 := $(wildcard doc/*.1)
MAN5 := $(wildcard doc/*.5)
INSTALL ?= install

install: all
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/muenbuild/recipes \
		$(DESTDIR)$(PREFIX)/share/muenbuild/schema \
		$(DESTDIR)$(PREFIX)/share/muenbuild/boot $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(INSTALL) -m 755 $(wildcard $(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin
	$(INSTALL) -m 644 recipes/*.yaml $(DESTDIR)$(PREFIX)/share/muenbuild/recipes
	$(INSTALL) -m 644 schema/*.rng $(DESTDIR)$(PREFIX)/share/muenbuild/schema
	$(INSTALL) -m 644 $(BOOT_FILES) $(DESTDIR)$(PREFIX)/share/muenbuild/boot
	$(INSTALL) -m 644 $(MAN1) $(DESTDIR)$(PREFIX)/share/man/man1
	$(INSTALL) -m 644 $(MAN5) $(DESTDIR)$(PREFIX)/share/man/man5
	$(INSTALL) -m 644 scripts/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/muenbuild

clean:
	rm -rf $(BUILD)

help:
	@echo 'make           build $(PROGRAM)'
	@echo 'make demo      install what is missing, and build, sign and boot a small system'
	@echo 'make check     install what is missing and run all tests'
	@echo 'make bench     measure'
	@echo 'make fuzz      fuzz every parser for a minute (TARGET=name, FUZZ_SECONDS=n)'
	@echo 'make install   install to DESTDIR and PREFIX ($(PREFIX))'
	@echo 'make clean     remove $(BUILD)'

.PHONY: all deps demo install clean help
